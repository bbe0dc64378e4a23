"""Sources and their secrets."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form
from apps.kernel.notation.form_fields import WholeNumberField
from apps.webhooks import queries
from apps.webhooks.commands import MANAGE_SOURCES, AddSource, RetireSourceSecret, RotateSourceSecret
from apps.webhooks.models import Source, SourceSecret

from .secrets import RetireSecretPage, SecretInline

VIEW = "webhooks.view_source"


class SourceSecretInline(SecretInline):
    model = SourceSecret
    retire_page = "retire_source_secret"


@admin.register(Source, site=tenant_site)
class SourceAdmin(ReadOnlyAdmin):
    """Sources and their numbers of refused messages."""

    unfiltered = "a tenant has few of them"
    empty_message = _("The systems that may send webhooks to this tenant appear here.")
    creating_page = "add_webhook_source"
    list_display = ("name", "scheme", "created_at", "refused", "refused_at")
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (SourceSecretInline,)
    fields = (("name", "scheme"), "posts_to", ("created_at", "refused", "refused_at"))
    readonly_fields = ("posts_to",)

    @admin.display(description=_("Posts to"))
    def posts_to(self, source: Source) -> str:
        return settings.PUBLIC_URL + reverse("webhooks:in", args=[source.name])

    def links(self, request: HttpRequest, obj: Source) -> Sequence[Link]:
        received = f"{reverse('admin:webhooks_received_changelist')}?source__id__exact={obj.pk}"
        return (
            Link(gettext("Received"), received, "inbox"),
            Link(gettext("Rotate secret"), reverse("admin:rotate_source_secret", args=[obj.pk]), "key"),
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (Link(gettext("Add a source"), reverse("admin:add_webhook_source"), "add_link"),)


class SourceForm(Form):
    name = forms.CharField(
        max_length=40, help_text=_("Part of the URL: lower-case letters, digits and hyphens.")
    )
    scheme = forms.ChoiceField(
        label=_("Signs by"), choices=[(name, name) for name in queries.scheme_names()], initial="standard"
    )
    secret = forms.CharField(max_length=500, help_text=_("From the other system. It is not shown again."))


class SourceCommand(CommandPage):
    """A command about one source."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        source = Source.objects.filter(pk=server_fields["source_id"]).first()
        if source is None:
            raise Http404
        return ((gettext("Source"), source.name), (gettext("Signs by"), source.scheme))

    def success_url(self, result: Source) -> str:
        return reverse("admin:webhooks_source_change", args=[result.pk])


class Add(SourceCommand):
    command = AddSource
    form = SourceForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return ()

    def sentence(self, result: Source) -> str:
        return gettext("The source {result} can post now to the URL below.").format(result=result)


class NewSecretForm(Form):
    secret = forms.CharField(max_length=500, help_text=_("From the other system. It is not shown again."))
    overlap_hours = WholeNumberField(
        label=_("Hours until the old secret ends"), initial=24, min_value=0, max_value=720
    )


class Rotate(SourceCommand):
    command = RotateSourceSecret
    form = NewSecretForm

    def sentence(self, result: Source) -> str:
        return gettext("The new secret of {result} is valid.").format(result=result)


class Retire(RetireSecretPage):
    command = RetireSourceSecret
    model = SourceSecret


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Webhooks"),
        title=_("Sources"),
        icon="input",
        url="admin:webhooks_source_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="webhooks/sources/add/",
        name="add_webhook_source",
        title=_("Add a source"),
        permission=MANAGE_SOURCES,
        view=Add(),
    ),
    hooks.Page(
        path="webhooks/sources/<int:source_id>/rotate-secret/",
        name="rotate_source_secret",
        title=_("Rotate secret"),
        permission=MANAGE_SOURCES,
        view=Rotate(),
    ),
    hooks.Page(
        path="webhooks/source-secrets/<int:secret_id>/retire/",
        name="retire_source_secret",
        title=_("Retire a secret"),
        permission=MANAGE_SOURCES,
        view=Retire(),
    ),
)
