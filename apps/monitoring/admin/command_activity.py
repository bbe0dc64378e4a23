"""Commands by module, in both consoles; for the operator over all tenants, and by tenant."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.rollup.figures import Figures
from apps.console import hooks
from apps.console.errors import FilterMalformed
from apps.kernel.clock import now
from apps.monitoring import command_activity

MINUTE = dt.timedelta(minutes=1)
MIN_RATE = 0.1
"""The least number of commands per minute that is shown with its value."""
VIEW_PERMISSION = "audit.view_commandminute"
WINDOWS = {
    "hour": (dt.timedelta(hours=1), _("Last hour")),
    "day": (dt.timedelta(days=1), _("Last 24 hours")),
    "week": (dt.timedelta(days=7), _("Last 7 days")),
}


def page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    chosen = request.GET.get("window", "hour")
    if chosen not in WINDOWS:
        raise FilterMalformed
    window, _title = WINDOWS[chosen]
    by_tenant = command_activity.by_tenant(now() - window)
    modules = command_activity.by_module(by_tenant.values())
    rows = {
        "modules": [_row(name, figures, window) for name, figures in modules.items()],
        "tenants": [
            _row(slug or gettext("Platform"), command_activity.total(figures), window)
            for slug, figures in by_tenant.items()
        ],
        "is_of_all_tenants": command_activity.PLATFORM in by_tenant,
        "windows": [(name, title, name == chosen) for name, (_window, title) in WINDOWS.items()],
    }
    return TemplateResponse(request, "monitoring/command_activity.html", context | rows)


def _row(name: str, figures: Figures, window: dt.timedelta) -> dict[str, Any]:
    return {
        "name": name,
        "figures": figures,
        "per_minute": _rounded(figures.commands / (window / MINUTE)),
    }


def _rounded(rate: float) -> str:
    return f"< {MIN_RATE}" if 0 < rate < MIN_RATE else f"{rate:,.1f}"


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="audit/activity/",
            name="command_activity",
            title=_("Command activity"),
            permission=VIEW_PERMISSION,
            view=page,
            group=_("Audit & security"),
            icon="monitoring",
        ),
    )
