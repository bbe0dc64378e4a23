"""Pages for companies, in the tenant's console."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin
from apps.console.sites import tenant_site

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


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Company"),
        title=_("Companies"),
        icon="domain",
        url="admin:companies_company_changelist",
        permission="companies.view_company",
    ),
)
