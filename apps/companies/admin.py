"""Pages for companies, in the tenant's console."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin, ServerFields
from apps.console.edits import EditPage
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form

from .commands import ChangeCompany
from .models import Company


@admin.register(Company, site=tenant_site)
class CompanyAdmin(ReadOnlyAdmin):
    """The legal entities of the tenant."""

    created_by = "the onboarding of the tenant"
    unfiltered = "a tenant has few of them"
    empty_message = _("The companies of this tenant appear here.")
    list_display = ("code", "name", "parent", "currency", "country")
    search_fields = ("code", "name")
    ordering = ("code",)

    def links(self, request: HttpRequest, obj: Company) -> Sequence[Link]:
        if not request.user.has_perm(ChangeCompany.permission):
            return ()
        return (Link(gettext("Edit"), reverse("admin:change_company", args=[obj.pk]), "edit"),)


class CompanyForm(Form):
    name = forms.CharField(max_length=120, help_text=_("As printed on invoices."))
    country = forms.CharField(max_length=2, required=False, help_text=_("ISO 3166-1, such as DE."))


class Change(EditPage):
    command, form = ChangeCompany, CompanyForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        company = get_object_or_404(Company, pk=server_fields["company_id"])
        return ((gettext("Company"), company.code), (gettext("Currency"), company.currency))

    def sentence(self, result: Company) -> str:
        return gettext("Company {result} was changed.").format(result=result)

    def success_url(self, result: Company) -> str:
        return reverse("admin:companies_company_change", args=[result.pk])


hooks.plug(
    "tenant",
    hooks.SetUpStep(
        rank=1,
        title=_("Company data"),
        permission=ChangeCompany.permission,
        is_done=lambda: Company.objects.exclude(country="").exists(),
        link="admin:companies_company_changelist",
    ),
    hooks.MenuItem(
        group=_("Company"),
        title=_("Companies"),
        icon="domain",
        url="admin:companies_company_changelist",
        permission="companies.view_company",
    ),
    hooks.Page(
        path="companies/<int:company_id>/edit/",
        name="change_company",
        title=_("Edit company"),
        permission=ChangeCompany.permission,
        view=Change(),
    ),
)
