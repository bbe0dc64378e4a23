"""Pages of the operator console: backup status, recovery objectives, and the backup policy of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ServerFields
from apps.console.edits import EditPage
from apps.console.widgets import Form, reason
from apps.kernel.notation.form_fields import WholeNumberField
from apps.tenancy import queries as tenants
from apps.tenancy.models import Tenant

from . import queries, request_pages  # noqa: F401 - they register themselves on import
from .commands import RequestBackup, RequestRestoreAsNew, SetBackupPolicy
from .schedule.policies import Policies

VIEW_PERMISSION = "backups.view_backup"
MAX_BACKUPS_LISTED, MAX_RESTORE_DRILLS_LISTED, MAX_RESTORATIONS_LISTED = 50, 10, 20


def backups_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = queries.statuses()
    shown = {
        "rows": rows,
        "late": sum(row.is_late for row in rows),
        "backups": queries.backups()[:MAX_BACKUPS_LISTED],
        "restorations": queries.restorations()[:MAX_RESTORATIONS_LISTED],
        "is_live": queries.has_unfinished_work(),
        "may_back_up": request.user.has_perm(RequestBackup.permission),
        "may_restore": request.user.has_perm(RequestRestoreAsNew.permission),
        "drills": queries.latest_restore_drills()[:MAX_RESTORE_DRILLS_LISTED],
        "last_error": queries.failed_restore_drills(),
        "default_policy": Policies().of(0),
        "rpo": settings.BACKUP_RPO_HOURS,
        "rto": settings.BACKUP_RTO_HOURS,
        "drill_days": settings.BACKUP_RESTORE_DRILL_DAYS,
    }
    return TemplateResponse(request, "backups/overview.html", context | shown)


class BackupPolicyForm(Form):
    interval_hours = WholeNumberField(
        label=_("Backup interval in hours"), min_value=0, help_text=_("0 = platform default.")
    )
    retention_days = WholeNumberField(
        label=_("Retention in days"), min_value=0, help_text=_("0 = platform default.")
    )
    max_count = WholeNumberField(
        label=_("Maximum number of backups"), min_value=0, help_text=_("0 = platform default.")
    )
    reason = reason()


class SetBackupPolicyPage(EditPage):
    command, form = SetBackupPolicy, BackupPolicyForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        tenant = tenants.tenant_with_id(server_fields["tenant_id"])
        return (
            (gettext("Tenant"), tenant.name),
            (gettext("Current policy"), str(queries.policy_of(tenant))),
            (gettext("Platform default"), str(Policies().of(0))),
        )

    def sentence(self, result: Tenant) -> str:
        return gettext("{result} is backed up {policy}.").format(
            result=result, policy=queries.policy_of(result)
        )

    def success_url(self, result: Tenant) -> str:
        return "admin:backups"


hooks.plug(
    "operator",
    hooks.Page(
        path="backups/",
        name="backups",
        title=_("Backups"),
        permission=VIEW_PERMISSION,
        view=backups_page,
        group=_("System"),
        icon="backup",
    ),
    hooks.Page(
        path="tenants/<int:tenant_id>/backup-policy/",
        name="set_backup_policy",
        title=_("Backup policy"),
        permission=SetBackupPolicy.permission,
        view=SetBackupPolicyPage(),
    ),
    hooks.RowLink(
        model="tenancy.tenant",
        title=_("Backup policy"),
        icon="backup",
        page="set_backup_policy",
        permission=SetBackupPolicy.permission,
    ),
)
