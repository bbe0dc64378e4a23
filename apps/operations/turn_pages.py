"""A tenant's life takes a turn, in the operator's console: what it means is seen in figures before it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django import forms
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from apps.bus import dry_run
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, reason
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.settings import queries as settings_queries
from apps.tenancy.erasure.footprint import tenant_footprint
from apps.tenancy.models import Tenant

from . import queries, rules
from .commands import ActivateTenant, ArchiveTenant, CancelErasure, EraseTenant, SuspendTenant
from .setting_definitions import GRACE_DAYS

Facts = Sequence[tuple[str, str]]
CONSOLE = System("The console")


def journeys_of_tenant(tenant: Tenant) -> str:
    return reverse("admin:tenant_journeys", args=[tenant.pk])


class Why(Form):
    reason = reason()


class Turn(CommandPage):
    """Where the tenant stands, what would be refused, and why it is done."""

    form: type[Form] = Why
    means: Facts = ()

    def facts(self, server_fields: ServerFields) -> Facts:
        tenant = rules.tenant_must_be_known(server_fields["tenant_id"])
        since = f" since {tenant.state_since:%d %b %Y}" if tenant.state_since else ""
        return (("Tenant", tenant.name), ("Is", f"{tenant.get_state_display().lower()}{since}"), *self.means)

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        command = self.command(**server_fields, reason="Asked beforehand.")  # type: ignore[call-arg]
        return dry_run(command, actor=CONSOLE)

    def sentence(self, result: Tenant) -> str:
        return f"{result} is {result.get_state_display().lower()}."

    def success_url(self, result: Tenant) -> str:
        return journeys_of_tenant(result)


class _Counted(Turn):
    """With a preview that says in figures what would become of what is going on there."""

    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        tenant = rules.tenant_must_be_known(server_fields["tenant_id"])
        return (*self.facts(server_fields), *self.in_figures(queries.at_work(tenant)))

    def in_figures(self, at: queries.AtWork) -> Facts:
        return ()


class Suspend(_Counted):
    command, danger = SuspendTenant, True
    means = (
        ("Its users", "are shut out at once, with their sessions and tokens"),
        ("Its administrators", "are told, with your reason"),
        ("It comes back", "when you activate it"),
    )

    def in_figures(self, at: queries.AtWork) -> Facts:
        return (
            ("People", _shut_out(at, "see to its plan")),
            ("Signed in over the API", _signed_in(at)),
            ("Waits until it is active again", _waits(at)),
            ("Set aside of its audit log", _set_aside(at)),
            ("Is told by letter", _letters(at)),
        )


class Activate(_Counted):
    command = ActivateTenant
    means = (("Its users", "can sign in again"), ("Its administrators", "are told, with your reason"))

    def in_figures(self, at: queries.AtWork) -> Facts:
        return (
            ("People", f"{_many(at.people, 'can', 'can')} sign in"),
            ("Goes on", _waits(at)),
            ("Is told by letter", _letters(at)),
        )


class Archive(_Counted):
    command, danger = ArchiveTenant, True
    means = (
        ("Its users", "are shut out at once, with their sessions and tokens"),
        ("Its data", "is kept; you can activate it again"),
    )

    def in_figures(self, at: queries.AtWork) -> Facts:
        return (
            ("People", _shut_out(at, "read it")),
            ("Signed in over the API", _signed_in(at)),
            ("Waits until it is active again", _waits(at)),
            ("Set aside of its audit log", _set_aside(at)),
            ("Is told by letter", _letters(at)),
        )


class Erase(Turn):
    command, danger, previews = EraseTenant, True, True

    def facts(self, server_fields: ServerFields) -> Facts:
        days = settings_queries.value(GRACE_DAYS)
        return (
            *super().facts(server_fields),
            ("Days of grace", f"{days}; until then it can be called off"),
            ("After that", "nothing of it comes back, not even from a backup"),
        )

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Facts:
        has = tenant_footprint(rules.tenant_must_be_known(server_fields["tenant_id"]).info)
        return (
            *self.facts(server_fields),
            ("In its schema", f"{has.rows:,} rows in {has.tables} tables, {filesizeformat(has.bytes)}"),
            ("In the object store", f"{has.files:,} files, {filesizeformat(has.file_bytes)}"),
            ("As well", "its role, hosts, events, and what is kept of it in caches"),
        )


class CancelErasing(Turn):
    command = CancelErasure
    means = (("It is", "archived again, with everything it has"),)


def _shut_out(at: queries.AtWork, may: str) -> str:
    left = f"{_many(at.administrator_count, 'administrator', 'administrators')} can still sign in and {may}"
    if at.administrators_only:
        return f"are shut out already; {left}"
    return f"{at.people - at.administrator_count:,} of {at.people:,} are shut out; {left}"


def _signed_in(at: queries.AtWork) -> str:
    return f"{_many(at.sessions, 'session', 'sessions')}, of which every token ends"


def _waits(at: queries.AtWork) -> str:
    return ", ".join(
        (
            _many(at.news, "delivery", "deliveries"),
            _many(at.messages, "message to webhooks", "messages to webhooks"),
            f"{at.rounds:,} kinds of work that come round",
        )
    )


def _set_aside(at: queries.AtWork) -> str:
    return f"{_many(at.records, 'audit record', 'audit records')} past their time; younger ones stay"


def _letters(at: queries.AtWork) -> str:
    return ", ".join(at.administrator_emails)


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


TURNS = (
    ("suspend", "Suspend", "pause_circle", Suspend, Tenant.State.SUSPENDED),
    ("activate", "Activate", "play_circle", Activate, Tenant.State.ACTIVE),
    ("archive", "Archive", "inventory_2", Archive, Tenant.State.ARCHIVED),
    ("erase", "Erase", "delete_forever", Erase, Tenant.State.DELETING),
    ("cancel-erasure", "Call off its erasure", "undo", CancelErasing, None),
)


def _may_become(state: Tenant.State | None) -> Callable[[Tenant], bool]:
    """Whether the turn makes sense from where the tenant stands; what is queued for deletion is only called off."""

    def when(tenant: Tenant) -> bool:
        queued = tenant.state == Tenant.State.DELETING
        return queued if state is None else not queued and (tenant.state, state) in Tenant.TRANSITIONS

    return when


for _path, _title, _icon, _page, _state in TURNS:
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
