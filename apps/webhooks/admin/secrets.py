"""Secrets of endpoints and of sources: their table, and the page that retires one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.http import Http404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.admin import CommandPage, ReadOnlyInline, ServerFields
from apps.console.widgets import ReasonForm
from apps.kernel.notation.shown import shown_instant
from apps.webhooks.models import SealedSecret


class SecretInline(ReadOnlyInline):
    """A subclass names the model, and the page that retires one of its rows."""

    retire_page: ClassVar[str]

    fields = ("number", "created_at", "valid_until", "retire")
    readonly_fields = fields
    verbose_name_plural = _("secrets")

    @admin.display(description=_("Number"))
    def number(self, secret: SealedSecret) -> str:
        return str(secret.pk)

    @admin.display(description=_("Valid until"))
    def valid_until(self, secret: SealedSecret) -> str:
        if secret.retired_at is None:
            return gettext("replaced")
        return shown_instant(secret.retired_at) if secret.is_valid else gettext("retired")

    @admin.display(description=_("Action"))
    def retire(self, secret: SealedSecret) -> str:
        if not secret.is_valid:
            return ""
        url = reverse(f"admin:{self.retire_page}", args=[secret.pk])
        return format_html('<a class="underline" href="{}">{}</a>', url, gettext("Retire"))


class RetireSecretPage(CommandPage):
    """A subclass names the command and the model."""

    model: ClassVar[type[SealedSecret]]

    form = ReasonForm
    danger = True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        secret = self.model._default_manager.filter(pk=server_fields["secret_id"]).first()
        if secret is None:
            raise Http404
        return (
            (gettext("Secret"), str(secret)),
            (gettext("Created at"), shown_instant(secret.created_at)),
        )

    def sentence(self, result: SealedSecret) -> str:
        return gettext("{result} is retired.").format(result=result)

    def success_url(self, result: SealedSecret) -> str:
        return reverse(f"admin:webhooks_{result.owner._meta.model_name}_change", args=[result.owner.pk])
