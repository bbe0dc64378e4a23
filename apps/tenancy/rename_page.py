"""The page that renames a tenant, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ServerFields
from apps.console.edits import EditPage
from apps.console.widgets import Form, reason

from . import queries
from .commands import RenameTenant
from .models import FormerSlug, Tenant


class RenameForm(Form):
    slug = forms.CharField(
        label=_("Short name"),
        max_length=40,
        help_text=_("Part of the address: 2 to 40 of a–z, 0–9 and hyphens, beginning with a letter."),
    )
    name = forms.CharField(max_length=120)
    reason = reason()


class RenameTenantPage(EditPage):
    command, form, danger = RenameTenant, RenameForm, True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = queries.tenant_with_id(server_fields["tenant_id"])
        former = FormerSlug.objects.filter(tenant_id=tenant.pk).order_by("renamed_at")
        return (
            (gettext("Tenant"), tenant.name),
            (gettext("Address"), f"{settings.PUBLIC_URL}/t/{tenant.slug}/"),
            (gettext("Former short names"), ", ".join(map(str, former)) or gettext("none")),
        )

    def sentence(self, result: Tenant) -> str:
        return gettext("{result} is at {address} now. Requests to former addresses are redirected.").format(
            result=result, address=f"{settings.PUBLIC_URL}/t/{result.slug}/"
        )

    def success_url(self, result: Tenant) -> str:
        return reverse("admin:tenancy_tenant_change", args=[result.pk])


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/<int:tenant_id>/rename/",
        name="rename_tenant",
        title=_("Rename tenant"),
        permission=RenameTenant.permission,
        view=RenameTenantPage(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Rename"),
        icon="drive_file_rename_outline",
        page="rename_tenant",
        permission=RenameTenant.permission,
    ),
)
