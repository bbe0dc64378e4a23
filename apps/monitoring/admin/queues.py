"""The queues, in the operator's console: what waits, how long, and what each allows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from apps.console import hooks
from apps.kernel import waiting
from apps.monitoring import queries
from apps.tenancy.models import Round

LOOK = "monitoring.view_queues"


def queues_page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    try:
        shown: dict[str, Any] = {"rows": queries.queues()}
    except waiting.BROKER_ERRORS:
        shown = {"away": True}
    rounds = Round.objects.order_by("task")
    return TemplateResponse(request, "console/queues.html", context | shown | {"rounds": rounds})


def _longest() -> str:
    try:
        return f"{max(each.oldest for each in waiting.standing()):,.0f} s"
    except waiting.BROKER_ERRORS:
        return "unknown"


def _in_alert() -> str:
    try:
        late = [each.queue for each in waiting.standing() if each.alert]
    except waiting.BROKER_ERRORS:
        return "the broker does not answer"
    return f"too long in {', '.join(late)}" if late else "no queue waits too long"


hooks.plug(
    "operator",
    hooks.Page(
        path="queues/",
        name="queues",
        title="Queues",
        permission=LOOK,
        view=queues_page,
        group="System",
        icon="low_priority",
    ),
    hooks.Figure(
        title="Longest wait in a queue",
        permission=LOOK,
        icon="low_priority",
        value=_longest,
        note=_in_alert,
        link="admin:queues",
    ),
)
