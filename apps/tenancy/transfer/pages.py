"""Backups, in the operator's console: how well each tenant is kept, and what is promised."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from apps.console import hooks

from . import drilling, keeping, promises

MAY = "tenancy.view_backup"
MOST = 50


def backups_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    rows = promises.standings()
    shown = {
        "rows": rows,
        "late": sum(each.is_late for each in rows),
        "backups": keeping.all_of()[:MOST],
        "every": settings.BACKUP_EVERY_HOURS,
        "kept": settings.BACKUP_KEPT_DAYS,
        "rpo": settings.BACKUP_RPO_HOURS,
        "rto": settings.BACKUP_RTO_HOURS,
        "drill_is_due": drilling.is_due(),
    }
    return TemplateResponse(request, "console/backups.html", context | shown)


hooks.plug(
    "operator",
    hooks.Page(
        path="backups/",
        name="backups",
        title="Backups",
        permission=MAY,
        view=backups_page,
        group="House",
        icon="backup",
    ),
)
