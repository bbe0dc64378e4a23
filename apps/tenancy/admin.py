"""Tenants, in the operator's console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from apps.console import hooks
from apps.console.admin import Link, ReadOnlyAdmin, ReadOnlyInline
from apps.console.sites import operator_site

from .databases import pages  # noqa: F401
from .models import Domain, Tenant, TenantActivity
from .transfer import pages as backups  # noqa: F401

MAY = "tenancy.view_tenant"


class DomainInline(ReadOnlyInline):
    model = Domain
    fields = ("domain", "is_primary")


@admin.register(Tenant, site=operator_site)
class TenantAdmin(ReadOnlyAdmin):
    """Every customer, and how much each uses Bursar."""

    list_display = (
        "name",
        "slug",
        "shown_state",
        "created_at",
        "entries",
        "closes",
        "last_active",
        "console",
    )
    list_filter = ("state",)
    search_fields = ("name", "slug", "owner_email")
    ordering = ("name",)
    fields = (
        "name",
        "slug",
        "state",
        "owner_email",
        "created_at",
        "schema_name",
        "epoch",
        "entries",
        "closes",
        "console",
    )
    readonly_fields = ("entries", "closes", "console")
    inlines = (DomainInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        tenants: QuerySet[Tenant] = super().get_queryset(request).select_related("activity")
        return tenants

    def links(self, request: HttpRequest, obj: Tenant) -> Sequence[Link]:
        return (Link("Open its console", _console_of(obj), "open_in_new"),)

    @display(description="State", label={"Active": "success", "Being set up": "warning"})
    def shown_state(self, tenant: Tenant) -> str:
        return tenant.get_state_display()

    @admin.display(description="Entries posted", ordering="activity__entries_posted")
    def entries(self, tenant: Tenant) -> str:
        return f"{tenant.activity.entries_posted:,}"

    @admin.display(description="Periods closed", ordering="activity__periods_closed")
    def closes(self, tenant: Tenant) -> str:
        return f"{tenant.activity.periods_closed:,}"

    @admin.display(description="Last active", ordering="activity__last_active_at")
    def last_active(self, tenant: Tenant) -> Any:
        return tenant.activity.last_active_at

    @admin.display(description="Console")
    def console(self, tenant: Tenant) -> str:
        return format_html('<a href="{}">/t/{}/</a>', _console_of(tenant), tenant.slug)


def _console_of(tenant: Tenant) -> str:
    return f"{settings.PUBLIC_URL}/t/{tenant.slug}/"


def _active() -> str:
    return f"{Tenant.objects.filter(state__in=Tenant.OPEN).count():,}"


def _pending() -> str:
    pending = Tenant.objects.filter(state=Tenant.State.PENDING).count()
    return f"{pending} being set up" if pending else "none is being set up"


def _entries() -> str:
    return f"{TenantActivity.objects.aggregate(total=Sum('entries_posted'))['total'] or 0:,}"


def _busiest() -> hooks.Plot:
    busiest = list(TenantActivity.objects.select_related("tenant").order_by("-entries_posted")[:12])
    posted = hooks.Series(
        "Entries posted", [str(each.entries_posted) for each in busiest], "--color-primary-600"
    )
    return hooks.Plot([each.tenant.name for each in busiest], [posted])


def _newest() -> Sequence[Sequence[Any]]:
    return [
        [
            (tenant.name, reverse("admin:tenancy_tenant_change", args=[tenant.pk])),
            f"{tenant.created_at:%d %b %Y}",
        ]
        for tenant in Tenant.objects.order_by("-created_at")[:8]
    ]


def _find(term: str) -> Sequence[hooks.Found]:
    tenants = Tenant.objects.filter(name__icontains=term) | Tenant.objects.filter(slug__icontains=term)
    return [
        hooks.Found(
            tenant.name,
            f"Tenant {tenant.slug}",
            reverse("admin:tenancy_tenant_change", args=[tenant.pk]),
            "apartment",
        )
        for tenant in tenants.order_by("name")[:8]
    ]


hooks.plug(
    "operator",
    hooks.MenuItem(
        group="Tenants",
        title="Tenants",
        icon="apartment",
        url="admin:tenancy_tenant_changelist",
        permission=MAY,
    ),
    hooks.Figure(
        title="Active tenants",
        permission=MAY,
        icon="apartment",
        value=_active,
        note=_pending,
        link="admin:tenancy_tenant_changelist",
    ),
    hooks.Figure(
        title="Entries posted",
        permission=MAY,
        icon="receipt_long",
        value=_entries,
        note=lambda: "counted as their news arrive",
    ),
    hooks.Chart(title="Entries posted by tenant", permission=MAY, plot=_busiest),
    hooks.Table(
        title="Newest tenants",
        permission=MAY,
        headers=("Tenant", "Since"),
        rows=_newest,
        empty="Onboard the first tenant from the menu.",
        link="admin:tenancy_tenant_changelist",
    ),
    hooks.Search(permission=MAY, find=_find),
)
