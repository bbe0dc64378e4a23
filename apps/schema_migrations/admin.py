"""Results of the schemas' migrations, in the operator's console."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.sites import operator_site
from apps.tenancy.models import SchemaMigration, Tenant

LABELS = Colours(
    {
        SchemaMigration.State.DONE: "success",
        SchemaMigration.State.WAITING: "warning",
        SchemaMigration.State.FAILED: "danger",
    }
)


@admin.register(SchemaMigration, site=operator_site)
class SchemaMigrationAdmin(ReadOnlyAdmin):
    """The schemas that this release has migrated, and the errors of those that failed."""

    created_by = "`manage.py migrate_schemas`"
    empty_message = _("Runs that migrate the schemas of tenants appear here.")
    list_display = ("tenant", "shown_state", "migration", "error", "at")
    list_filter = ("state", "at")
    search_fields = ("schema_name", "migration", "error")
    ordering = ("-error", "schema_name")  # those that failed first
    fields = ("tenant", "schema_name", "shown_state", "migration", "operation_count", "error", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SchemaMigration]:
        tenants = Tenant.objects.filter(schema_name=OuterRef("schema_name"))
        rows: QuerySet[SchemaMigration] = super().get_queryset(request)
        return rows.annotate(tenant_name=Subquery(tenants.values("name")[:1]))

    @display(description=_("Tenant"), ordering="tenant_name")
    def tenant(self, row: SchemaMigration) -> str:
        return getattr(row, "tenant_name", None) or gettext("a spare")

    @display(description=_("State"), ordering="state", label=LABELS)
    def shown_state(self, row: SchemaMigration) -> str:
        return row.get_state_display()


hooks.plug(
    "operator",
    hooks.MenuItem(
        group=_("Tenants"),
        title=_("Migrations"),
        icon="upgrade",
        url="admin:tenancy_schemamigration_changelist",
        permission="tenancy.view_schemamigration",
    ),
)
