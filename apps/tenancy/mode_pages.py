"""The page that sets a tenant's mode, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.urls import reverse

from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, reason

from . import rules
from .commands import SetMode
from .lifecycle import AVAILABILITY, OF_MODE
from .models import Tenant

SET_MODE_PERMISSION = SetMode.permission
PARTS = (
    ("reads", "reading"),
    ("writes", "changes"),
    ("signs_in", "signing in"),
    ("works", "workers"),
    ("beats", "scheduled tasks"),
    ("sends", "webhooks"),
)


class ModeForm(Form):
    mode = forms.ChoiceField(
        choices=Tenant.Mode.choices,
        help_text="Read only: nothing can be changed. Maintenance: no access at all.",
    )
    reason = reason()


class SetModePage(CommandPage):
    command, form, previews = SetMode, ModeForm, True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = rules.tenant_must_be_found(server_fields["tenant_id"])
        return (
            ("Tenant", tenant.name),
            ("Status", f"{tenant.get_state_display().lower()}, mode {tenant.get_mode_display().lower()}"),
            ("Read only", f"{_left('read_only')} available; tasks and messages wait"),
            ("Maintenance", "nothing available; tasks and messages wait"),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = rules.tenant_must_be_found(server_fields["tenant_id"])
        now = AVAILABILITY[tenant.state, tenant.mode]
        then = AVAILABILITY[tenant.state, form.cleaned_data["mode"]]
        lost = [word for part, word in PARTS if getattr(now, part) and not getattr(then, part)]
        regained = [word for part, word in PARTS if getattr(then, part) and not getattr(now, part)]
        refusal = str(then.refusal(name=tenant)) if then.refusal else "none; fully available"
        return (
            ("Tenant", tenant.name),
            ("Would lose", ", ".join(lost) or "nothing"),
            ("Would regain", ", ".join(regained) or "nothing"),
            ("Message to users", refusal),
        )

    def sentence(self, result: Tenant) -> str:
        return f"{result}: mode {result.get_mode_display().lower()}."

    def success_url(self, result: Tenant) -> str:
        return reverse("admin:tenancy_tenant_change", args=[result.pk])


def _left(mode: str) -> str:
    return " and ".join(word for part, word in PARTS if getattr(OF_MODE[mode], part))


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/<int:tenant_id>/mode/",
        name="set_mode",
        title="Set mode",
        permission=SET_MODE_PERMISSION,
        view=SetModePage(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title="Mode",
        icon="build_circle",
        page="set_mode",
        permission=SET_MODE_PERMISSION,
    ),
)
