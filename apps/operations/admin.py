"""Onboarding a tenant and looking after the house, in the operator's console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.billing import queries as billing
from apps.bus import rehearse
from apps.console import hooks
from apps.console.admin import CommandPage, Given
from apps.console.saga_pages import steps_of
from apps.console.widgets import Form, reason
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.kernel.money import CURRENCIES
from apps.modules import registry
from apps.preferences import queries as preferences
from apps.sagas import queries as sagas
from apps.tenancy.erasure.belongings import belongings
from apps.tenancy.models import Tenant

from . import rules
from .commands import (
    ActivateTenant,
    ArchiveTenant,
    CancelErasure,
    EraseTenant,
    OnboardTenant,
    SuspendTenant,
)
from .preferences import GRACE_DAYS
from .queries import journeys_of, owner_invitation

ONBOARD, LOOK = "tenancy.onboard_tenant", "tenancy.view_tenant"


class NewTenant(Form):
    name = forms.CharField(max_length=rules.LONGEST_NAME, help_text="The name people read.")
    slug = forms.CharField(
        label="Short name", max_length=40, help_text="For addresses: /t/acme/ and acme.example.com."
    )
    owner_email = forms.EmailField(label="Owner's e-mail address")
    owner_name = forms.CharField(label="Owner's name", max_length=rules.LONGEST_NAME, required=False)
    currency = forms.ChoiceField(
        initial="USD",
        choices=[(each.code, f"{each.code} {each.name}") for each in sorted(CURRENCIES.values(), key=str)],
    )
    plan = forms.ChoiceField(required=False, help_text="What it has booked; it can be changed at any time.")
    trial_days = forms.IntegerField(
        label="Days on trial",
        min_value=0,
        max_value=rules.LONGEST_TRIAL,
        initial=0,
        required=False,
        help_text="0: it is active at once.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(each.code, each.name) for each in billing.offered()]
        self.fields["plan"].choices = [("", "Everything, as agreed"), *offered]  # type: ignore[attr-defined]

    def clean_trial_days(self) -> int:
        return self.cleaned_data["trial_days"] or 0


class Onboard(CommandPage):
    command = OnboardTenant
    form = NewTenant

    def facts(self, given: Given) -> Sequence[tuple[str, str]]:
        return (
            ("It gets", "a schema of its own, its first company, this year's periods, a general journal"),
            ("Its owner gets", "a link to choose a password; you see it next and hand it on"),
        )

    def sentence(self, result: Tenant) -> str:
        return f"{result} is {result.get_state_display().lower()}."

    def back(self, result: Tenant) -> str:
        return _journeys_of(result)


def _journeys_of(tenant: Tenant) -> str:
    return reverse("admin:tenant_journeys", args=[tenant.pk])


class Why(Form):
    reason = reason()


class _Turn(CommandPage):
    """Where the tenant stands, what would be refused, and why it is done."""

    form = Why

    def facts(self, given: Given) -> Sequence[tuple[str, str]]:
        tenant = rules.tenant_must_be_known(given["tenant_id"])
        since = f" since {tenant.state_since:%d %b %Y}" if tenant.state_since else ""
        return (("Tenant", tenant.name), ("Is", f"{tenant.get_state_display().lower()}{since}"), *self.means)

    means: Sequence[tuple[str, str]] = ()

    def standing_against(self, given: Given) -> Sequence[Refusal]:
        command = self.command(**given, reason="Asked beforehand.")  # type: ignore[call-arg]
        return rehearse(command, actor=System("The console"))

    def sentence(self, result: Tenant) -> str:
        return f"{result} is {result.get_state_display().lower()}."

    def back(self, result: Tenant) -> str:
        return _journeys_of(result)


class Suspend(_Turn):
    command, danger = SuspendTenant, True
    means = (
        ("Its users", "are shut out at once, with their sessions and tokens"),
        ("Its administrators", "are told, with your reason"),
        ("It comes back", "when you activate it"),
    )


class Activate(_Turn):
    command = ActivateTenant
    means = (("Its users", "can sign in again"), ("Its administrators", "are told, with your reason"))


class Archive(_Turn):
    command, danger = ArchiveTenant, True
    means = (
        ("Its users", "are shut out at once, with their sessions and tokens"),
        ("Its data", "is kept; you can activate it again"),
    )


class Erase(_Turn):
    command, danger, previews = EraseTenant, True, True

    def facts(self, given: Given) -> Sequence[tuple[str, str]]:
        days = preferences.value(GRACE_DAYS)
        return (
            *super().facts(given),
            ("Days of grace", f"{days}; until then it can be called off"),
            ("After that", "nothing of it comes back, not even from a backup"),
        )

    def preview(self, form: forms.Form, given: Given) -> Sequence[tuple[str, str]]:
        has = belongings(rules.tenant_must_be_known(given["tenant_id"]).info)
        return (
            *self.facts(given),
            ("In its schema", f"{has.rows:,} rows in {has.tables} tables, {filesizeformat(has.bytes)}"),
            ("In the object store", f"{has.files:,} files, {filesizeformat(has.file_bytes)}"),
            ("As well", "its role, hosts, events, and what is kept of it in caches"),
        )


class CancelErasing(_Turn):
    command = CancelErasure
    means = (("It is", "archived again, with everything it has"),)


def journeys_page(request: HttpRequest, *, context: dict[str, Any], tenant_id: int) -> HttpResponseBase:
    """How far each journey of a tenant is, the last one first. It looks again by itself while one is under way."""
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        raise Http404
    journeys = [
        {"run": run, "title": sagas.title_of(run), "steps": steps_of(run)}
        for run in journeys_of(tenant.slug)[:10]
    ]
    is_new = tenant.state in Tenant.OPEN and len(journeys) == 1 and request.user.has_perm(ONBOARD)
    shown = {
        "tenant": tenant,
        "journeys": journeys,
        "invitation": owner_invitation(tenant) if is_new else "",
    }
    return TemplateResponse(request, "console/journeys.html", context | shown)


def modules_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = [
        {"module": module, "on": registry.is_on(module), "health": module.health()}
        for module in registry.modules()
    ]
    return TemplateResponse(request, "console/modules.html", context | {"rows": rows})


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
        return queued if state is None else not queued and (tenant.state, state) in Tenant.MOVES

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

hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/onboard/",
        name="onboard",
        title="Onboard a tenant",
        permission=ONBOARD,
        view=Onboard(),
        group="Tenants",
        icon="add_business",
    ),
    hooks.Page(
        path="modules/",
        name="modules",
        title="Modules",
        permission=LOOK,
        view=modules_page,
        group="House",
        icon="extension",
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/journeys/",
        name="tenant_journeys",
        title="Journeys of a tenant",
        permission=LOOK,
        view=journeys_page,
    ),
    hooks.RowLink(
        model="tenancy.tenant", title="Journeys", icon="route", page="tenant_journeys", permission=LOOK
    ),
)
