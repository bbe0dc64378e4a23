"""Move of a tenant to another database in the operator's console, with a preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.backups import queries as backups
from apps.bus import dry_run
from apps.console import hooks
from apps.console.admin import ServerFields
from apps.console.widgets import Form, reason
from apps.kernel.db import databases
from apps.kernel.errors import Refusal
from apps.tenancy import queries as tenants
from apps.tenancy.erasure.footprint import schema_footprint
from apps.tenancy.placement import queries as placement
from apps.tenancy.states import State

from .commands import MoveTenant
from .rules import move_command_line
from .transition_figures import Facts
from .transition_pages import CONSOLE, TransitionPage

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

ROWS_PER_S, MIN_READ_ONLY_S = 50_000, 3
"""Measured by benchmarks/transferring.py on two cores; the minimum is the time for an empty schema."""


class TargetForm(Form):
    database = forms.ChoiceField(label=_("To"), help_text=_("The database that the tenant will work in."))
    reason = reason()

    def __init__(self, *args: Any, targets: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = placement.regions()
        self.offer(
            "database",
            [(key, f"{key} ({regions[key]})" if regions.get(key) else key) for key in targets],
        )


class Move(TransitionPage):
    command, form, previews = MoveTenant, TargetForm, True
    consequences = ((_("During the move"), _("read-only; its background work is paused")),)

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"targets": _targets(tenants.tenant_with_id(server_fields["tenant_id"]))}

    def facts(self, server_fields: ServerFields) -> Facts:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        name, *others = super().facts(server_fields)
        return (
            name,
            (gettext("Database"), tenant.database),
            *others,
            (gettext("Executed by"), _executor(tenant)),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        database, why = form.cleaned_data["database"], form.cleaned_data["reason"]
        footprint = schema_footprint(tenant.info)
        return (
            *self.facts(server_fields),
            *([] if _is_owner(tenant) else [(gettext("Command"), move_command_line(tenant, database, why))]),
            (gettext("Target"), database),
            (
                gettext("Data"),
                gettext("{rows:,} rows in {tables} tables, {size}").format(
                    rows=footprint.rows,
                    tables=footprint.tables,
                    size=filesizeformat(footprint.bytes),
                ),
            ),
            (
                gettext("Read only for about"),
                gettext("{seconds:,} seconds").format(seconds=MIN_READ_ONLY_S + footprint.rows // ROWS_PER_S),
            ),
            (
                gettext("Deleted after seven days"),
                gettext("the copy in {database}, which no role can access meanwhile").format(
                    database=tenant.database
                ),
            ),
        )

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        """Of the first target: the refusals rarely depend on the target."""
        for key in _targets(tenants.tenant_with_id(server_fields["tenant_id"]))[:1]:
            return dry_run(MoveTenant(**server_fields, database=key, reason="…"), actor=CONSOLE)
        return ()

    def sentence(self, result: Tenant) -> str:
        return gettext("{result} works in {database}.").format(result=result, database=result.database)


def _targets(tenant: Tenant) -> Sequence[str]:
    return [key for key in databases.known() if key != tenant.database]


def _executor(tenant: Tenant) -> str:
    if _is_owner(tenant):
        return gettext("this console; its progress is on the page Workflows of the tenant")
    return gettext("the command line, where DATABASE_OWNER_URL is set")


def _is_owner(tenant: Tenant) -> bool:
    """Whether this process has the owner role of the tenant's database and of all targets."""
    return set(backups.owned_databases()) >= {tenant.database, *_targets(tenant)}


def _can_move(tenant: Tenant) -> bool:
    return tenant.state not in (State.PENDING, State.DELETING) and len(databases.known()) > 1


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/<int:tenant_id>/move/",
        name="move_tenant",
        title=_("Move to another database"),
        permission=MoveTenant.permission,
        view=Move(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Move to another database"),
        icon="moving",
        page="move_tenant",
        permission=MoveTenant.permission,
        when=_can_move,
    ),
)
