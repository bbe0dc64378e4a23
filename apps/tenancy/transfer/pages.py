"""Backups, in the operator's console: how well each tenant is kept, what is promised, and what is agreed for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, reason
from apps.tenancy import rules
from apps.tenancy.models import Tenant

from . import jobs, objectives, restore_drills
from .commands import SetBackupPolicy
from .models import BackupPolicy
from .policies import Policies

MAY = "tenancy.view_backup"
MOST, MOST_DRILLS = 50, 10
AGREED = ("every_hours", "retention_days", "max_count")


def backups_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = objectives.statuses()
    shown = {
        "rows": rows,
        "late": sum(row.is_late for row in rows),
        "backups": jobs.all_of()[:MOST],
        "drills": restore_drills.latest()[:MOST_DRILLS],
        "last_error": objectives.failed_restore_drills(),
        "usual": Policies().of(0),
        "rpo": settings.BACKUP_RPO_HOURS,
        "rto": settings.BACKUP_RTO_HOURS,
        "drill_days": settings.BACKUP_DRILL_DAYS,
    }
    return TemplateResponse(request, "console/backups.html", context | shown)


class HowKept(Form):
    every_hours = forms.IntegerField(
        label="Backed up every so many hours", min_value=0, help_text="0 is as everywhere."
    )
    retention_days = forms.IntegerField(
        label="Kept for so many days", min_value=0, help_text="0 is as everywhere."
    )
    max_count = forms.IntegerField(label="So many at most", min_value=0, help_text="0 is as everywhere.")
    reason = reason()


class SetPolicyOfOne(CommandPage):
    command, form = SetBackupPolicy, HowKept

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        agreed = BackupPolicy.objects.filter(pk=server_fields["tenant_id"]).first() or BackupPolicy()
        return {"initial": {name: getattr(agreed, name) for name in AGREED}}

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant, agreed = rules.tenant_must_be_there(server_fields["tenant_id"]), Policies()
        return (
            ("Tenant", tenant.name),
            ("Is backed up", str(agreed.of(tenant.pk))),
            ("Everywhere else", str(agreed.of(0))),
        )

    def sentence(self, result: Tenant) -> str:
        return f"{result} is backed up {Policies().of(result.pk)}."

    def success_url(self, result: Tenant) -> str:
        return "admin:backups"


hooks.plug(
    "operator",
    hooks.Page(
        path="backups/",
        name="backups",
        title="Backups",
        permission=MAY,
        view=backups_page,
        group="System",
        icon="backup",
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/backup-policy/",
        name="set_backup_policy",
        title="How a tenant is backed up",
        permission=SetBackupPolicy.permission,
        view=SetPolicyOfOne(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title="Backup policy",
        icon="backup",
        page="set_backup_policy",
        permission=SetBackupPolicy.permission,
    ),
)
