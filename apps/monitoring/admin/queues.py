"""The queues in the operator's console: backlog, age and limits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.kernel.queues import wait_times
from apps.monitoring import queries
from apps.tenancy import queries as tenants

VIEW_PERMISSION = "monitoring.view_queues"


def queues_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    try:
        queues: dict[str, Any] = {"rows": queries.queues()}
    except wait_times.BROKER_ERRORS:
        queues = {"away": True}
    return TemplateResponse(
        request, "monitoring/queues.html", context | queues | {"scheduled_runs": tenants.scheduled_runs()}
    )


def _max_wait_text() -> str:
    try:
        return f"{max(queue.oldest for queue in wait_times.queue_statuses()):,.0f} s"
    except wait_times.BROKER_ERRORS:
        return gettext("unknown")


def _late_queues_text() -> str:
    try:
        late = [queue.queue for queue in wait_times.queue_statuses() if queue.alert]
    except wait_times.BROKER_ERRORS:
        return gettext("the broker is unreachable")
    return (
        gettext("too long in {queues}").format(queues=", ".join(late))
        if late
        else gettext("all queues are below their limit")
    )


hooks.plug(
    "operator",
    hooks.Page(
        path="queues/",
        name="queues",
        title=_("Queues"),
        permission=VIEW_PERMISSION,
        view=queues_page,
        group=_("System"),
        icon="low_priority",
    ),
    hooks.Figure(
        title=_("Longest wait in a queue"),
        permission=VIEW_PERMISSION,
        icon="low_priority",
        value=_max_wait_text,
        note=_late_queues_text,
        link="admin:queues",
    ),
)
