"""Onboarding, workflows of tenants and modules in the operator's console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.billing import queries as billing
from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form
from apps.kernel.manifest import Health
from apps.kernel.money import CURRENCIES
from apps.kernel.notation.form_fields import WholeNumberField
from apps.modules import registry
from apps.sagas import queries as sagas
from apps.tenancy import queries as tenants

from . import move_page, owner_page, rules  # noqa: F401 - pages register themselves on import
from .commands import OnboardTenant
from .queries import owner_invitation, saga_runs_of
from .transition_pages import workflows_url

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

HEALTH: Mapping[Health, str | Promise] = {
    "healthy": _("healthy"),
    "degraded": _("degraded"),
    "unhealthy": _("unhealthy"),
}

ONBOARD_PERMISSION, VIEW_PERMISSION = "tenancy.onboard_tenant", "tenancy.view_tenant"


class NewTenant(Form):
    name = forms.CharField(max_length=rules.MAX_NAME_LENGTH, help_text=_("The display name."))
    slug = forms.CharField(
        label=_("Short name"), max_length=40, help_text=_("For addresses: /t/acme/ and acme.example.com.")
    )
    owner_email = forms.EmailField(label=_("Owner's e-mail address"))
    owner_name = forms.CharField(label=_("Owner's name"), max_length=rules.MAX_NAME_LENGTH, required=False)
    currency = forms.ChoiceField(
        initial="USD",
        choices=[
            (currency.code, f"{currency.code} {currency.name}")
            for currency in sorted(CURRENCIES.values(), key=str)
        ],
    )
    plan = forms.ChoiceField(
        required=False, help_text=_("Its subscription, which can be changed at any time.")
    )
    trial_days = WholeNumberField(
        label=_("Days on trial"),
        min_value=0,
        max_value=rules.MAX_TRIAL_DAYS,
        initial=0,
        required=False,
        help_text=_("0 = active at once."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(plan.code, plan.name) for plan in billing.offered()]
        self.offer("plan", [("", gettext("All modules")), *offered])

    def clean_trial_days(self) -> int:
        return self.cleaned_data["trial_days"] or 0


class Onboard(CommandPage):
    command = OnboardTenant
    form = NewTenant

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return (
            (
                gettext("The tenant gets"),
                gettext("a schema, its first company, the periods of this year, and a general journal"),
            ),
            (
                gettext("The owner gets"),
                gettext("an e-mail with the invitation, to choose a password"),
            ),
        )

    def sentence(self, result: Tenant) -> str:
        return gettext("{result} is {state}.").format(result=result, state=result.get_state_display().lower())

    def success_url(self, result: Tenant) -> str:
        return workflows_url(result)


def workflows_page(request: HttpRequest, *, context: dict[str, Any], tenant_id: int) -> HttpResponseBase:
    """Progress of the workflows of a tenant, newest first. The page refreshes while one is in progress."""
    tenant = tenants.find(pk=tenant_id)
    if tenant is None:
        raise Http404
    workflows = [
        {"run": run, "title": sagas.title_of(run), "steps": sagas.steps_of(run)}
        for run in saga_runs_of(tenant.slug)[:10]
    ]
    may_resend = tenant.is_open and request.user.has_perm(ONBOARD_PERMISSION)
    data = {
        "tenant": tenant,
        "workflows": workflows,
        "invitation": owner_invitation(tenant) if may_resend else None,
    }
    return TemplateResponse(request, "operations/workflows.html", context | data)


def modules_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = [
        {"module": module, "on": registry.is_on(module), "health": HEALTH[module.health()]}
        for module in registry.modules()
    ]
    return TemplateResponse(request, "operations/modules.html", context | {"rows": rows})


hooks.plug(
    "operator",
    hooks.Page(
        path="tenants/onboard/",
        name="onboard",
        title=_("Onboard a tenant"),
        permission=ONBOARD_PERMISSION,
        view=Onboard(),
        group=_("Tenants"),
        icon="add_business",
    ),
    hooks.Page(
        path="modules/",
        name="modules",
        title=_("Modules"),
        permission=VIEW_PERMISSION,
        view=modules_page,
        group=_("System"),
        icon="extension",
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/workflows/",
        name="tenant_workflows",
        title=_("Workflows of a tenant"),
        permission=VIEW_PERMISSION,
        view=workflows_page,
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Workflows"),
        icon="route",
        page="tenant_workflows",
        permission=VIEW_PERMISSION,
    ),
)
