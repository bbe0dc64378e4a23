"""The mode that lies over a tenant's state, in the operator's console."""

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

MAY = SetMode.permission
PARTS = (
    ("reads", "reading"),
    ("writes", "changing anything"),
    ("signs_in", "signing in"),
    ("works", "workers"),
    ("beats", "what comes round"),
    ("sends", "webhooks"),
)


class WhichMode(Form):
    mode = forms.ChoiceField(
        choices=Tenant.Mode.choices,
        help_text="Read only while its data is copied; maintenance shuts all out.",
    )
    reason = reason()


class SetModeOfOne(CommandPage):
    command, form, previews = SetMode, WhichMode, True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = rules.tenant_must_be_there(server_fields["tenant_id"])
        return (
            ("Tenant", tenant.name),
            ("Is", f"{tenant.get_state_display().lower()}, mode {tenant.get_mode_display().lower()}"),
            ("Read only", f"leaves {_left('read_only')}; whatever is under way waits"),
            ("Maintenance", "leaves nothing; whatever is under way waits"),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = rules.tenant_must_be_there(server_fields["tenant_id"])
        now = AVAILABILITY[tenant.state, tenant.mode]
        then = AVAILABILITY[tenant.state, form.cleaned_data["mode"]]
        taken = [word for part, word in PARTS if getattr(now, part) and not getattr(then, part)]
        back = [word for part, word in PARTS if getattr(then, part) and not getattr(now, part)]
        heard = str(then.refusal(name=tenant)) if then.refusal else "nothing; it is fully available"
        return (
            ("Tenant", tenant.name),
            ("Would lose", ", ".join(taken) or "nothing"),
            ("Would get back", ", ".join(back) or "nothing"),
            ("Whoever is turned away hears", heard),
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
        permission=MAY,
        view=SetModeOfOne(),
    ),
    hooks.RowLink(model="tenancy.tenant", title="Mode", icon="build_circle", page="set_mode", permission=MAY),
)
