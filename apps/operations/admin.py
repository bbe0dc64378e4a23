"""Onboarding a tenant and looking after the house, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.console import hooks
from apps.console.admin import CommandPage, Given
from apps.console.widgets import Form
from apps.kernel.money import CURRENCIES
from apps.modules import registry
from apps.tenancy.models import Tenant

from .commands import OnboardTenant
from .queries import owner_invitation

ONBOARD, LOOK = "tenancy.onboard_tenant", "tenancy.view_tenant"


class NewTenant(Form):
    name = forms.CharField(max_length=120, help_text="The name people read.")
    slug = forms.CharField(
        label="Short name", max_length=40, help_text="For addresses: /t/acme/ and acme.example.com."
    )
    owner_email = forms.EmailField(label="Owner's e-mail address")
    owner_name = forms.CharField(label="Owner's name", max_length=120, required=False)
    currency = forms.ChoiceField(
        initial="USD",
        choices=[(each.code, f"{each.code} {each.name}") for each in sorted(CURRENCIES.values(), key=str)],
    )


class Onboard(CommandPage):
    command = OnboardTenant
    form = NewTenant

    def facts(self, given: Given) -> Sequence[tuple[str, str]]:
        return (
            ("It gets", "a schema of its own, its first company, this year's periods, a general journal"),
            ("Its owner gets", "a link to choose a password; you see it next and hand it on"),
        )

    def sentence(self, result: Tenant) -> str:
        link = owner_invitation(result)
        return f"{result} is active. Its owner chooses a password here, once: {link}"

    def back(self, result: Tenant) -> str:
        return reverse("admin:tenancy_tenant_change", args=[result.pk])


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
        group="House",
        icon="extension",
    ),
)
