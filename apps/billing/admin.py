"""Pages for plans in the operator's console, and for the tenant's own plan in its console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import dry_run
from apps.bus.edits import Values
from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.edits import EditPage
from apps.console.row_links import Link
from apps.console.sites import operator_site
from apps.console.widgets import Form, reason
from apps.kernel.actors import System
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.notation.form_fields import WholeNumberField
from apps.tenancy import directory

from . import queries
from .commands import ChangePlan, DefinePlan, PlanLimit, RetirePlan
from .features import names_for_plans
from .models import DEFAULT_PLAN_CODE, Plan, Subscription

MANAGE, CHANGE, VIEW_OWN_PLAN = (
    "billing.manage_plans",
    "billing.change_plan_of_tenant",
    "billing.view_own_plan",
)
VIEW = "billing.view_subscription"


@admin.register(Plan, site=operator_site)
class PlanAdmin(ReadOnlyAdmin):
    """All plans, by level."""

    empty_message = _("The plans to which tenants subscribe appear here.")
    creating_page = "define_plan"
    list_display = ("name", "code", "level", "shown_modules", "shown_limits", "tenants", "is_offered")
    list_filter = ("is_offered",)
    search_fields = ("code", "name")
    ordering = ("level", "code")
    fields = ("name", "code", "level", "shown_modules", "shown_limits", "tenants", "is_offered")
    readonly_fields = ("shown_modules", "shown_limits", "tenants")

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        may = request.user.has_perm(MANAGE)
        return (Link(gettext("Define plan"), reverse("admin:define_plan"), "add"),) if may else ()

    def links(self, request: HttpRequest, obj: Plan) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE) or obj.code == DEFAULT_PLAN_CODE:
            return ()
        return (
            Link(gettext("Change"), reverse("admin:redefine_plan", args=[obj.code]), "edit"),
            *(
                [Link(gettext("Retire"), reverse("admin:retire_plan", args=[obj.code]), "block")]
                if obj.is_offered
                else []
            ),
        )

    @admin.display(description=_("Modules"))
    def shown_modules(self, plan: Plan) -> str:
        return (
            gettext("all")
            if queries.ALL_MODULES in plan.modules
            else ", ".join(plan.modules) or gettext("core modules")
        )

    @admin.display(description=_("Limits"))
    def shown_limits(self, plan: Plan) -> str:
        bounds = [
            f"{maximum:,} {LIMITS[name].unit}"
            for name, maximum in sorted(plan.limits.items())
            if name in LIMITS and maximum >= 0
        ]
        return ", ".join(bounds) or gettext("none")

    @admin.display(description=_("Tenants"))
    def tenants(self, plan: Plan) -> str:
        return f"{Subscription.objects.filter(plan=plan).count():,}"


class Contents(Form):
    name = forms.CharField(max_length=80)
    level = WholeNumberField(min_value=0, max_value=1000, help_text=_("A higher plan has a higher level."))
    modules = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name) for name in sorted(names_for_plans())]
        self.offer("modules", [(queries.ALL_MODULES, gettext("all, including future modules")), *names])
        for limit in LIMITS.values():
            self.fields[limit.name] = WholeNumberField(
                label=str(limit.description),
                initial=UNLIMITED,
                min_value=UNLIMITED,
                help_text=gettext("{unit}; -1 is unlimited").format(unit=limit.unit),
            )
        self.fields["reason"] = reason(max_length=500)
        self.apply_widgets()


class PlanForm(Contents):
    code = forms.SlugField(
        max_length=40,
        help_text=_(
            "The identifier in contracts and the API. The code of an existing plan changes that plan."
        ),
    )
    field_order = ("code",)


class Define(CommandPage):
    command = DefinePlan
    form: type[forms.Form] = PlanForm
    previews = True

    def build(self, form: forms.Form, server_fields: ServerFields) -> DefinePlan:
        fields = {**form.cleaned_data, **server_fields}
        limits = tuple(PlanLimit(name, fields[name]) for name in sorted(LIMITS))
        return DefinePlan(
            code=fields["code"],
            name=fields["name"],
            level=fields["level"],
            modules=tuple(fields["modules"]),
            limits=limits,
            reason=fields["reason"],
        )

    def success_url(self, result: Plan) -> str:
        return reverse("admin:billing_plan_change", args=[result.pk])

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        command = self.build(form, server_fields)
        changed = [(change.field, f"{change.before} → {change.after}") for change in queries.changes(command)]
        refusals = [
            (gettext("Refused"), str(refusal)) for refusal in dry_run(command, actor=System("A preview"))
        ]
        on_it = _tenants_on(command.code, gettext("affected at once"))
        return [*(changed or [(gettext("Changes"), gettext("none"))]), *refusals, on_it]


class Redefine(Define, EditPage):
    """Changes an existing plan; the form starts with its current values."""

    form = Contents

    def initial(self, values: Values) -> Mapping[str, Any]:
        limits = {name: values["limits"].get(name, UNLIMITED) for name in LIMITS}
        return {"name": values["name"], "level": values["level"], "modules": values["modules"]} | limits

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return (
            (gettext("Plan"), server_fields["code"]),
            _tenants_on(server_fields["code"], gettext("affected at once")),
        )


def _tenants_on(code: str, effect: str) -> tuple[str, str]:
    return gettext(
        "Tenants on this plan"
    ), f"{Subscription.objects.filter(plan__code=code).count():,}, {effect}"


class Retire(CommandPage):
    command = RetirePlan
    danger = True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return (_tenants_on(server_fields["code"], gettext("whose subscription remains")),)

    def success_url(self, result: Plan) -> str:
        return reverse("admin:billing_plan_change", args=[result.pk])


class NewPlan(Form):
    plan = forms.ChoiceField()
    reason = reason(max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("plan", [(plan.code, plan.name) for plan in queries.offered()])


class Change(EditPage):
    command = ChangePlan
    form = NewPlan

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = directory.by_id(server_fields["tenant_id"])
        if tenant is None:
            return ()
        summary = queries.subscription_summary_of(tenant)
        used = [(usage.description, _format_usage(usage)) for usage in summary.usage]
        return ((gettext("Tenant"), str(tenant)), (gettext("Current plan"), summary.plan.name), *used)

    def sentence(self, result: Subscription) -> str:
        return gettext("The tenant is now on the plan {plan}.").format(plan=result.plan)

    def success_url(self, result: Subscription) -> str:
        return reverse("admin:tenancy_tenant_change", args=[result.tenant_id])


def _format_usage(usage: queries.Usage) -> str:
    maximum = gettext("no limit") if usage.maximum == UNLIMITED else f"{usage.maximum:,} allowed"
    return f"{usage.used:,} used, {maximum}"


def your_plan(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    return TemplateResponse(
        request, "billing/plan.html", context | {"summary": queries.subscription_summary()}
    )


def plan_of_tenant(request: HttpRequest, *, context: dict[str, Any], tenant_id: int) -> HttpResponseBase:
    tenant = directory.by_id(tenant_id)
    if tenant is None:
        raise Http404
    page = {"summary": queries.subscription_summary_of(tenant), "tenant": tenant}
    return TemplateResponse(request, "billing/plan.html", context | page)


hooks.plug(
    "operator",
    hooks.MenuItem(
        group=_("Tenants"),
        title=_("Plans"),
        icon="sell",
        url="admin:billing_plan_changelist",
        permission="billing.view_plan",
    ),
    hooks.Page(
        path="plans/define/", name="define_plan", title=_("Define plan"), permission=MANAGE, view=Define()
    ),
    hooks.Page(
        path="plans/<slug:code>/define/",
        name="redefine_plan",
        title=_("Change plan contents"),
        permission=MANAGE,
        view=Redefine(),
    ),
    hooks.Page(
        path="plans/<slug:code>/retire/",
        name="retire_plan",
        title=_("Retire plan"),
        permission=MANAGE,
        view=Retire(),
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/plan/",
        name="change_plan",
        title=_("Change plan"),
        permission=CHANGE,
        view=Change(),
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/usage/",
        name="plan_of_tenant",
        title=_("Plan and usage"),
        permission=VIEW,
        view=plan_of_tenant,
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Plan and usage"),
        icon="data_usage",
        page="plan_of_tenant",
        permission=VIEW,
        when=lambda tenant: tenant.state != tenant.State.PENDING,
    ),
    hooks.RowLink(
        model="tenancy.tenant", title=_("Change plan"), icon="sell", page="change_plan", permission=CHANGE
    ),
)
hooks.plug(
    "tenant",
    hooks.Page(
        path="plan/",
        name="your_plan",
        title=_("Your plan"),
        permission=VIEW_OWN_PLAN,
        view=your_plan,
        group=_("System"),
        icon="sell",
    ),
)
