"""Transitions of a tenant's state in the operator's console, with a preview of the consequences in figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django import forms
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from apps.bus import dry_run
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, ReasonForm
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.settings import queries as settings_queries
from apps.tenancy import rules as tenancy
from apps.tenancy.erasure.footprint import tenant_footprint
from apps.tenancy.models import Tenant

from . import queries
from .commands import ActivateTenant, ArchiveTenant, CancelErasure, ChangeOfTenant, EraseTenant, SuspendTenant
from .setting_definitions import GRACE_DAYS

Facts = Sequence[tuple[str, str]]
CONSOLE = System("The console")


def workflows_url(tenant: Tenant) -> str:
    return reverse("admin:tenant_workflows", args=[tenant.pk])


class TransitionPage(CommandPage):
    """The current state of the tenant, the refusals, and a reason."""

    command: type[ChangeOfTenant]
    form: type[Form] = ReasonForm
    consequences: Facts = ()

    def facts(self, server_fields: ServerFields) -> Facts:
        tenant = tenancy.tenant_must_be_found(server_fields["tenant_id"])
        since = f" since {tenant.state_since:%d %b %Y}" if tenant.state_since else ""
        state = f"{tenant.get_state_display().lower()}{since}"
        return (("Tenant", tenant.name), ("State", state), *self.consequences)

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        command = self.command(**server_fields, reason="Dry run.")
        return dry_run(command, actor=CONSOLE)

    def sentence(self, result: Tenant) -> str:
        return f"{result} is {result.get_state_display().lower()}."

    def success_url(self, result: Tenant) -> str:
        return workflows_url(result)


class _ActivityPage(TransitionPage):
    """With a preview of the consequences for the tenant's current activity."""

    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        tenant = tenancy.tenant_must_be_found(server_fields["tenant_id"])
        return (*self.facts(server_fields), *self.figures(queries.activity_of(tenant)))

    def figures(self, activity: queries.Activity) -> Facts:
        return ()


class Suspend(_ActivityPage):
    command, danger = SuspendTenant, True
    consequences = (
        ("Users", "lose access at once; their sessions and tokens end"),
        ("Administrators", "are notified, with your reason"),
        ("Reversal", "by activating the tenant"),
    )

    def figures(self, activity: queries.Activity) -> Facts:
        return _closing_figures(activity, "see the plan")


class Activate(_ActivityPage):
    command = ActivateTenant
    consequences = (("Users", "can sign in again"), ("Administrators", "are notified, with your reason"))

    def figures(self, activity: queries.Activity) -> Facts:
        return (
            ("Users", f"{activity.users:,} can sign in"),
            ("Resumed", _pending(activity)),
            ("Notified by e-mail", _recipients(activity)),
        )


class Archive(_ActivityPage):
    command, danger = ArchiveTenant, True
    consequences = (
        ("Users", "lose access at once; their sessions and tokens end"),
        ("Data", "is retained; the tenant can be activated again"),
    )

    def figures(self, activity: queries.Activity) -> Facts:
        return _closing_figures(activity, "read the data")


class Erase(TransitionPage):
    command, danger, previews = EraseTenant, True, True

    def facts(self, server_fields: ServerFields) -> Facts:
        days = settings_queries.value(GRACE_DAYS)
        return (
            *super().facts(server_fields),
            ("Grace period", f"{days} days, in which the erasure can be cancelled"),
            ("After that", "all data is deleted permanently, and backups no longer restore it"),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        footprint = tenant_footprint(tenancy.tenant_must_be_found(server_fields["tenant_id"]).info)
        schema_size, file_size = filesizeformat(footprint.bytes), filesizeformat(footprint.file_bytes)
        return (
            *self.facts(server_fields),
            ("Schema", f"{footprint.rows:,} rows in {footprint.tables} tables, {schema_size}"),
            ("Object store", f"{footprint.files:,} files, {file_size}"),
            ("Also", "its role, hosts, events, and cache entries"),
        )


class CancelErasing(TransitionPage):
    command = CancelErasure
    consequences = (("State afterwards", "archived, with all data"),)


def _closing_figures(activity: queries.Activity, access: str) -> Facts:
    """`access` is what administrators of a closed tenant can still do."""
    return (
        ("Users", _access(activity, access)),
        ("API sessions", f"{_count(activity.sessions, 'session', 'sessions')}, with all tokens, will end"),
        ("Paused until activation", _pending(activity)),
        ("Moved to cold storage", f"{_count(activity.audit_records, 'audit record', 'audit records')}"),
        ("Notified by e-mail", _recipients(activity)),
    )


def _access(activity: queries.Activity, access: str) -> str:
    administrators = _count(activity.administrator_count, "administrator", "administrators")
    remaining = f"{administrators} can still sign in and {access}"
    if activity.administrators_only:
        return f"have no access already; {remaining}"
    return f"{activity.users - activity.administrator_count:,} of {activity.users:,} lose access; {remaining}"


def _pending(activity: queries.Activity) -> str:
    return ", ".join(
        (
            _count(activity.deliveries, "delivery", "deliveries"),
            _count(activity.webhook_messages, "webhook message", "webhook messages"),
            _count(activity.scheduled_tasks, "scheduled task", "scheduled tasks"),
        )
    )


def _recipients(activity: queries.Activity) -> str:
    return ", ".join(activity.administrator_emails)


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


TRANSITIONS = (
    ("suspend", "Suspend", "pause_circle", Suspend, Tenant.State.SUSPENDED),
    ("activate", "Activate", "play_circle", Activate, Tenant.State.ACTIVE),
    ("archive", "Archive", "inventory_2", Archive, Tenant.State.ARCHIVED),
    ("erase", "Erase", "delete_forever", Erase, Tenant.State.DELETING),
    ("cancel-erasure", "Cancel erasure", "undo", CancelErasing, None),
)


def _may_become(state: Tenant.State | None) -> Callable[[Tenant], bool]:
    """Whether the transition is legal; for a tenant queued for deletion only the cancellation is."""

    def when(tenant: Tenant) -> bool:
        is_queued = tenant.state == Tenant.State.DELETING
        return is_queued if state is None else not is_queued and (tenant.state, state) in Tenant.TRANSITIONS

    return when


for _path, _title, _icon, _page, _state in TRANSITIONS:
    hooks.plug(
        "operator",
        hooks.Page(
            path=f"tenants/<int:tenant_id>/{_path}/",
            name=f"{_page.command.command_name().split('.')[1]}",
            title=_page.command.title(),
            permission=_page.command.permission,
            view=_page(),
        ),
        hooks.RowLink(
            model="tenancy.tenant",
            title=_title,
            icon=_icon,
            page=f"{_page.command.command_name().split('.')[1]}",
            permission=_page.command.permission,
            when=_may_become(_state),
        ),
    )
