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


def _max_wait() -> hooks.Reading:
    try:
        queues = wait_times.queue_statuses()
    except wait_times.BROKER_ERRORS:
        return hooks.Reading(gettext("unknown"), gettext("the broker is unreachable"))
    late = [queue.queue for queue in queues if queue.alert]
    note = (
        gettext("too long in {queues}").format(queues=", ".join(late))
        if late
        else gettext("all queues are below their limit")
    )
    return hooks.Reading(f"{max(queue.oldest for queue in queues):,.0f} s", note)


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
        read=_max_wait,
        link="admin:queues",
    ),
)
