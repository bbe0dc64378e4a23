"""Onboarding a tenant and looking after the house, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from apps.billing import queries as billing
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.saga_pages import steps_of
from apps.console.widgets import Form
from apps.kernel.money import CURRENCIES
from apps.modules import registry
from apps.sagas import queries as sagas
from apps.tenancy.models import Tenant

from . import move_page, rules  # noqa: F401 - a page that plugs itself in
from .commands import OnboardTenant
from .queries import journeys_of, owner_invitation
from .turn_pages import journeys_of_tenant

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
        choices=[
            (currency.code, f"{currency.code} {currency.name}")
            for currency in sorted(CURRENCIES.values(), key=str)
        ],
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

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return (
            ("It gets", "a schema of its own, its first company, this year's periods, a general journal"),
            ("Its owner gets", "a link to choose a password; you see it next and hand it on"),
        )

    def sentence(self, result: Tenant) -> str:
        return f"{result} is {result.get_state_display().lower()}."

    def success_url(self, result: Tenant) -> str:
        return journeys_of_tenant(result)


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
        "workflows": journeys,
        "invitation": owner_invitation(tenant) if is_new else "",
    }
    return TemplateResponse(request, "console/workflows.html", context | shown)


def modules_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = [
        {"module": module, "on": registry.is_on(module), "health": module.health()}
        for module in registry.modules()
    ]
    return TemplateResponse(request, "console/modules.html", context | {"rows": rows})


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
        group="System",
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
