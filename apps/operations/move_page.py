"""A tenant goes to another database, in the operator's console: what that means for it is seen beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat

from apps.bus import dry_run
from apps.console import hooks
from apps.console.admin import ServerFields
from apps.console.widgets import Form, reason
from apps.kernel import databases
from apps.kernel.errors import Refusal
from apps.tenancy.erasure.footprint import schema_footprint
from apps.tenancy.models import Database, Tenant
from apps.tenancy.transfer import importing

from . import rules
from .commands import MoveTenant
from .sagas.moving import in_words
from .turn_pages import CONSOLE, Facts, Turn

ROWS_A_SECOND, SHORTEST = 50_000, 3
"""As benchmarks/transferring.py measures it on two cores, and what the schema takes without any rows."""


class WhereTo(Form):
    database = forms.ChoiceField(label="To", help_text="Which database it will lie in.")
    reason = reason()

    def __init__(self, *args: Any, elsewhere: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = dict(Database.objects.values_list("key", "region"))
        self.fields["database"].choices = [  # type: ignore[attr-defined]
            (key, f"{key} ({said[key]})" if said.get(key) else key) for key in elsewhere
        ]


class Move(Turn):
    command, form, previews = MoveTenant, WhereTo, True
    means = (("Meanwhile", "it can be read and not changed; what its workers have to do waits"),)

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"elsewhere": _elsewhere(rules.tenant_must_be_known(server_fields["tenant_id"]))}

    def facts(self, server_fields: ServerFields) -> Facts:
        tenant = rules.tenant_must_be_known(server_fields["tenant_id"])
        known, *where = super().facts(server_fields)
        return (known, ("Lies in", tenant.database), *where, ("Is moved by", _by_whom(tenant)))

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        tenant = rules.tenant_must_be_known(server_fields["tenant_id"])
        to, why = form.cleaned_data["database"], form.cleaned_data["reason"]
        has = schema_footprint(tenant.info)
        return (
            *self.facts(server_fields),
            *([] if _is_ours(tenant) else [("Type there", in_words(tenant, to, why))]),
            ("Goes to", to),
            ("Goes along", f"{has.rows:,} rows in {has.tables} tables, {filesizeformat(has.bytes)}"),
            ("Read only for about", f"{SHORTEST + has.rows // ROWS_A_SECOND:,} seconds"),
            ("Stays for seven days", f"what it leaves in {tenant.database}, which nobody may use"),
        )

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        """Of the first it could go to: what stands against it is rarely the place."""
        for key in _elsewhere(rules.tenant_must_be_known(server_fields["tenant_id"]))[:1]:
            return dry_run(MoveTenant(**server_fields, database=key, reason="…"), actor=CONSOLE)
        return ()

    def sentence(self, result: Tenant) -> str:
        return f"{result} works in {result.database}."


def _elsewhere(tenant: Tenant) -> Sequence[str]:
    return [key for key in databases.known() if key != tenant.database]


def _by_whom(tenant: Tenant) -> str:
    if _is_ours(tenant):
        return "this console, while you wait; how far it is stands on its page Journeys"
    return "the command line, where the owner's addresses are"


def _is_ours(tenant: Tenant) -> bool:
    """Whether this process can be the owner of all databases that come into question, as few can."""
    return set(importing.owned()) >= {tenant.database, *_elsewhere(tenant)}


def _can_go(tenant: Tenant) -> bool:
    return tenant.state not in (Tenant.State.PENDING, Tenant.State.DELETING) and len(databases.known()) > 1


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/<int:tenant_id>/move/",
        name="move_tenant",
        title="Move to another database",
        permission=MoveTenant.permission,
        view=Move(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title="Move to another database",
        icon="moving",
        page="move_tenant",
        permission=MoveTenant.permission,
        when=_can_go,
    ),
)
