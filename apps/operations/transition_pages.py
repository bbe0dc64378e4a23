"""Transitions of a tenant's state in the operator's console, with a preview of the consequences in figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django import forms
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import dry_run
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, ReasonForm
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.kernel.notation.shown import shown_instant
from apps.settings import queries as settings_queries
from apps.tenancy import queries as tenants
from apps.tenancy.erasure.footprint import tenant_footprint
from apps.tenancy.states import State

from . import queries
from .commands import (
    ActivateTenant,
    ArchiveTenant,
    CancelErasure,
    EraseTenant,
    MoveTenant,
    SuspendTenant,
    TransitionCommand,
)
from .setting_definitions import GRACE_DAYS
from .transition_figures import Facts, closing_figures, pending, recipients

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

CONSOLE = System("The console")


def workflows_url(tenant: Tenant) -> str:
    return reverse("admin:tenant_workflows", args=[tenant.pk])


class TransitionPage(CommandPage):
    """The current state of the tenant, the refusals, and a reason."""

    command: type[TransitionCommand | MoveTenant]
    form: type[Form] = ReasonForm
    consequences: Facts = ()

    def facts(self, server_fields: ServerFields) -> Facts:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        state = tenant.get_state_display().lower()
        if tenant.state_since:
            state = gettext("{state} since {since}").format(
                state=state, since=shown_instant(tenant.state_since)
            )
        return ((gettext("Tenant"), tenant.name), (gettext("State"), state), *self.consequences)

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        command = self.command(**server_fields, reason="Dry run.")
        return dry_run(command, actor=CONSOLE)

    def sentence(self, result: Tenant) -> str:
        return gettext("{result} is {state}.").format(result=result, state=result.get_state_display().lower())

    def success_url(self, result: Tenant) -> str:
        return workflows_url(result)


class _ActivityPage(TransitionPage):
    """With a preview of the consequences for the tenant's current activity."""

    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        return (*self.facts(server_fields), *self.figures(queries.activity_of(tenant)))

    def figures(self, activity: queries.Activity) -> Facts:
        return ()


class Suspend(_ActivityPage):
    command, danger = SuspendTenant, True
    consequences = (
        (_("Users"), _("lose access at once; their sessions and tokens end")),
        (_("Administrators"), _("are notified, with your reason")),
        (_("Reversal"), _("by activating the tenant")),
    )

    def figures(self, activity: queries.Activity) -> Facts:
        return closing_figures(activity, gettext("see the plan"))


class Activate(_ActivityPage):
    command = ActivateTenant
    consequences = (
        (_("Users"), _("can sign in again")),
        (_("Administrators"), _("are notified, with your reason")),
    )

    def figures(self, activity: queries.Activity) -> Facts:
        return (
            (gettext("Users"), gettext("{users:,} can sign in").format(users=activity.users)),
            (gettext("Resumed"), pending(activity)),
            (gettext("Notified by e-mail"), recipients(activity)),
        )


class Archive(_ActivityPage):
    command, danger = ArchiveTenant, True
    consequences = (
        (_("Users"), _("lose access at once; their sessions and tokens end")),
        (_("Data"), _("is retained; the tenant can be activated again")),
    )

    def figures(self, activity: queries.Activity) -> Facts:
        return closing_figures(activity, gettext("read the data"))


class Erase(TransitionPage):
    command, danger, previews = EraseTenant, True, True

    def facts(self, server_fields: ServerFields) -> Facts:
        days = settings_queries.value(GRACE_DAYS)
        return (
            *super().facts(server_fields),
            (
                gettext("Grace period"),
                gettext("{days} days, in which the erasure can be cancelled").format(days=days),
            ),
            (
                gettext("After that"),
                gettext("all data is deleted permanently, and backups no longer restore it"),
            ),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        footprint = tenant_footprint(tenants.tenant_with_id(server_fields["tenant_id"]).info)
        schema_size, file_size = filesizeformat(footprint.bytes), filesizeformat(footprint.file_bytes)
        return (
            *self.facts(server_fields),
            (
                gettext("Schema"),
                gettext("{rows:,} rows in {tables} tables, {schema_size}").format(
                    rows=footprint.rows, tables=footprint.tables, schema_size=schema_size
                ),
            ),
            (
                gettext("Object store"),
                gettext("{files:,} files, {file_size}").format(files=footprint.files, file_size=file_size),
            ),
            (gettext("Also"), gettext("its role, hosts, events, and cache entries")),
        )


class CancelErasing(TransitionPage):
    command = CancelErasure
    consequences = ((_("State afterwards"), _("archived, with all data")),)


TRANSITIONS = (
    ("suspend", _("Suspend"), "pause_circle", Suspend, State.SUSPENDED),
    ("activate", _("Activate"), "play_circle", Activate, State.ACTIVE),
    ("archive", _("Archive"), "inventory_2", Archive, State.ARCHIVED),
    ("erase", _("Erase"), "delete_forever", Erase, State.DELETING),
    ("cancel-erasure", _("Cancel erasure"), "undo", CancelErasing, None),
)


def _may_become(state: State | None) -> Callable[[Tenant], bool]:
    """Whether the transition is legal; for a tenant queued for deletion only the cancellation is."""

    def when(tenant: Tenant) -> bool:
        is_queued = tenant.state == State.DELETING
        return is_queued if state is None else not is_queued and tenant.may_become(state)

    return when


for path, title, icon, page, state in TRANSITIONS:
    hooks.plug(
        "operator",
        hooks.Page(
            path=f"tenants/<int:tenant_id>/{path}/",
            name=f"{page.command.command_name().split('.')[1]}",
            title=page.command.lazy_title(),
            permission=page.command.permission,
            view=page(),
        ),
        hooks.RowLink(
            model="tenancy.tenant",
            title=title,
            icon=icon,
            page=f"{page.command.command_name().split('.')[1]}",
            permission=page.command.permission,
            when=_may_become(state),
        ),
    )
