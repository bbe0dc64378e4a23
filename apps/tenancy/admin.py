"""Tenants, in the operator's console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site
from apps.kernel.notation.shown import shown_day, shown_instant
from apps.kernel.search import May

from . import mode_pages, queries, rename_page, trends  # noqa: F401 - they register themselves on import
from .hooks import last_backup
from .models import Domain, Tenant, TenantActivity
from .placement import pages  # noqa: F401 - registers itself on import
from .search import TENANTS

VIEW_PERMISSION = "tenancy.view_tenant"
LIST = "admin:tenancy_tenant_changelist"


class DomainInline(ReadOnlyInline):
    model = Domain
    fields = ("domain", "is_primary")


@admin.register(Tenant, site=operator_site)
class TenantAdmin(ReadOnlyAdmin):
    """Every tenant, with its usage and health."""

    empty_message = _("Tenants appear here after they are onboarded.")
    creating_page = "onboard"
    list_display = (
        "name",
        "shown_state",
        "users",
        "entries",
        "errors",
        "size",
        "last_backup",
        "schema",
        "last_active",
        "console",
    )
    list_filter = ("state", "mode", "database", "region", "created_at")
    search = TENANTS
    lookups = ("state__in",)
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "owner_email", "created_at", "console")}),
        (
            _("Lifecycle"),
            {"fields": ("shown_state", "state_since", "state_reason", "trial_ends_on", "delete_after")},
        ),
        (_("Usage"), {"fields": ("users", "entries", "closes", "last_active", "counted_at")}),
        (_("Health"), {"fields": ("errors", "refusals", "dead_letters", "size", "last_backup", "schema")}),
        (
            _("Placement"),
            {"fields": ("database", "region", "pinned", "schema_name", "role_name", "epoch", "sandbox_of")},
        ),
    )
    inlines = (DomainInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        tenants: QuerySet[Tenant] = super().get_queryset(request)
        return tenants.select_related("activity").annotate(
            backed_up_at=last_backup(),
            release_fingerprint=RawSQL("SELECT fingerprint FROM tenancy_blueprint", ()),
        )

    def links(self, request: HttpRequest, obj: Tenant) -> Sequence[Link]:
        return (Link(gettext("Open its console"), _console_of(obj), "open_in_new"),)

    @display(
        description=_("State"),
        ordering="state",
        label=Colours(
            {
                Tenant.State.ACTIVE: "success",
                Tenant.State.TRIAL: "info",
                Tenant.State.PENDING: "warning",
                Tenant.State.SUSPENDED: "danger",
                Tenant.State.DELETING: "danger",
            }
        ),
    )
    def shown_state(self, tenant: Tenant) -> str:
        mode = "" if tenant.mode == Tenant.Mode.NORMAL else f", {tenant.get_mode_display().lower()}"
        return f"{tenant.get_state_display()}{mode}"

    @admin.display(description=_("Users"), ordering="activity__users")
    def users(self, tenant: Tenant) -> str:
        return f"{tenant.activity.users:,}"

    @admin.display(description=_("Errors, 24 h"), ordering="activity__failures")
    def errors(self, tenant: Tenant) -> str:
        failures, commands = tenant.activity.failures, tenant.activity.commands
        return gettext("{failures:,} of {commands:,}").format(failures=failures, commands=commands) + (
            f" ({failures / commands:.1%})" if failures else ""
        )

    @admin.display(description=_("Refusals, 24 h"), ordering="activity__refusals")
    def refusals(self, tenant: Tenant) -> str:
        return f"{tenant.activity.refusals:,}"

    @admin.display(description=_("Dead letters"), ordering="activity__dead_letters")
    def dead_letters(self, tenant: Tenant) -> str:
        return f"{tenant.activity.dead_letters:,}"

    @admin.display(description=_("Size"), ordering="activity__bytes")
    def size(self, tenant: Tenant) -> str:
        return (
            filesizeformat(tenant.activity.bytes)
            if tenant.activity.counted_at
            else gettext("not counted yet")
        )

    @admin.display(description=_("Last backup"), ordering="backed_up_at")
    def last_backup(self, tenant: Tenant) -> str:
        last = tenant.backed_up_at  # type: ignore[attr-defined]  # annotated above
        return shown_instant(last) if last else gettext("none yet")

    @display(
        description=_("Schema"),
        ordering="fingerprint",
        label=Colours({_("current"): "success", _("behind"): "warning"}),
    )
    def schema(self, tenant: Tenant) -> str:
        expected = tenant.release_fingerprint  # type: ignore[attr-defined]  # annotated above
        return gettext("current") if tenant.fingerprint == expected else gettext("behind")

    @admin.display(description=_("Counted"))
    def counted_at(self, tenant: Tenant) -> str:
        return shown_instant(tenant.activity.counted_at) if tenant.activity.counted_at else ""

    @admin.display(description=_("Entries posted"), ordering="activity__entries_posted")
    def entries(self, tenant: Tenant) -> str:
        return f"{tenant.activity.entries_posted:,}"

    @admin.display(description=_("Periods closed"), ordering="activity__periods_closed")
    def closes(self, tenant: Tenant) -> str:
        return f"{tenant.activity.periods_closed:,}"

    @admin.display(description=_("Last active"), ordering="activity__last_active_at")
    def last_active(self, tenant: Tenant) -> str:
        return shown_instant(tenant.activity.last_active_at) if tenant.activity.last_active_at else ""

    @admin.display(description=_("Console"))
    def console(self, tenant: Tenant) -> str:
        return format_html('<a href="{}">/t/{}/</a>', _console_of(tenant), tenant.slug)


def _console_of(tenant: Tenant) -> str:
    return f"{settings.PUBLIC_URL}/t/{tenant.slug}/"


def _active() -> hooks.Reading:
    pending = Tenant.objects.filter(state=Tenant.State.PENDING).count()
    note = (
        gettext("{pending} being set up").format(pending=pending)
        if pending
        else gettext("none is being set up")
    )
    return hooks.Reading(Tenant.objects.filter(state__in=Tenant.OPEN).count(), note)


def _entries() -> hooks.Reading:
    posted = TenantActivity.objects.aggregate(total=Sum("entries_posted"))["total"] or 0
    return hooks.Reading(posted, gettext("counted from events"))


def _busiest() -> hooks.Plot:
    busiest = list(TenantActivity.objects.select_related("tenant").order_by("-entries_posted")[:12])
    posted = hooks.Series(
        gettext("Entries posted"),
        [str(activity.entries_posted) for activity in busiest],
        "--color-primary-600",
    )
    return hooks.Plot([activity.tenant.name for activity in busiest], [posted])


def _newest() -> Sequence[Sequence[Any]]:
    return [
        [
            (tenant.name, reverse("admin:tenancy_tenant_change", args=[tenant.pk])),
            shown_instant(tenant.created_at),
        ]
        for tenant in Tenant.objects.order_by("-created_at")[:8]
    ]


def _by_day(*series: tuple[str | Promise, str, str]) -> Callable[[], hooks.Plot]:
    """A line for each (title, field, colour), over the last days."""

    def plot() -> hooks.Plot:
        days = trends.days()
        lines = [
            hooks.Series(title, [str(getattr(day, field)) for day in days], colour)
            for title, field, colour in series
        ]
        return hooks.Plot([shown_day(day.day) for day in days], lines)

    return plot


def _growth() -> Sequence[Sequence[Any]]:
    return [
        [
            (growth.tenant.name, reverse("admin:tenancy_tenant_change", args=[growth.tenant.pk])),
            f"{growth.commands:,}",
            f"{growth.before:,}",
            "new" if growth.change is None else f"{growth.change:+d} %",
        ]
        for growth in trends.growth()
    ]


def _hits(tenants: Sequence[Tenant], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            tenant.name,
            hooks.described(gettext("Tenant"), tenant.slug, tenant.get_state_display()),
            reverse("admin:tenancy_tenant_change", args=[tenant.pk]),
            "apartment",
        )
        for tenant in tenants
    ]


hooks.plug(
    "operator",
    hooks.MenuItem(
        group=_("Tenants"), title=_("Tenants"), icon="apartment", url=LIST, permission=VIEW_PERMISSION
    ),
    hooks.Figure(
        title=_("Active tenants"),
        permission=VIEW_PERMISSION,
        icon="apartment",
        read=_active,
        link=LIST,
        query=f"?state__in={','.join(sorted(Tenant.OPEN))}",
    ),
    hooks.Figure(
        title=_("Entries posted"), permission=VIEW_PERMISSION, icon="receipt_long", read=_entries, link=LIST
    ),
    hooks.Chart(title=_("Entries posted by tenant"), permission=VIEW_PERMISSION, plot=_busiest),
    hooks.Chart(
        title=_("Commands by day, all tenants"),
        permission=VIEW_PERMISSION,
        kind="line",
        plot=_by_day(
            (_("Commands"), "commands", "--color-primary-600"), (_("Failures"), "failures", "--color-red-600")
        ),
    ),
    hooks.Chart(
        title=_("Entries posted by day, all tenants"),
        permission=VIEW_PERMISSION,
        plot=_by_day((_("Entries"), "entries", "--color-primary-600")),
    ),
    hooks.Table(
        title=_("Largest changes in usage"),
        permission=VIEW_PERMISSION,
        headers=(_("Tenant"), _("Commands, 30 days"), _("The 30 before"), _("Change")),
        rows=_growth,
        empty=_("Daily usage counts appear here."),
        link=LIST,
    ),
    hooks.Table(
        title=_("Newest tenants"),
        permission=VIEW_PERMISSION,
        headers=(_("Tenant"), _("Since")),
        rows=_newest,
        empty=_("Onboard the first tenant from the menu."),
        link=LIST,
    ),
    hooks.RowSearch(
        permission=VIEW_PERMISSION,
        search=TENANTS,
        rows=lambda: Tenant.objects.order_by("name", "id"),
        hits=_hits,
    ),
)
