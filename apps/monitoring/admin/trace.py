"""The life story of a request, in both consoles: by its correlation id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from apps.console import hooks
from apps.kernel.request_trace import RequestTraceEntry
from apps.kernel.tenant import current_tenant
from apps.monitoring.stories import is_known, note_reading, story_of

MAY = "monitoring.view_trace"
ICONS = {"good": "check_circle", "plain": "circle", "waiting": "hourglass_top", "bad": "error"}
DEEPEST = 6


def page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    asked = request.GET.get("id", "").strip()
    lines = story_of(asked) if asked else ()
    if lines:
        note_reading(request.user, asked, lines)
    return TemplateResponse(
        request,
        "console/trace.html",
        context
        | {
            "correlation_id": asked,
            "rows": [_row(line, lines) for line in lines],
            "seconds": f"{_last(lines):.2f}",
            "at_operator": current_tenant() is None,
        },
    )


def url_of(correlation_id: str) -> str:
    return f"{reverse('admin:trace')}?{urlencode({'id': correlation_id})}"


def _last(lines: Sequence[RequestTraceEntry]) -> float:
    """Seconds from the first thing that happened to the last."""
    times = [line.at for line in lines]
    return (max(times) - min(times)).total_seconds() if times else 0.0


def _row(line: RequestTraceEntry, lines: Sequence[RequestTraceEntry]) -> dict[str, Any]:
    after = (line.at - min(line.at for line in lines)).total_seconds()
    return {
        "line": line,
        "after": f"+{after:.3f} s",
        "depth": min(line.depth, DEEPEST),
        "icon": ICONS[line.severity],
        "link": _link(line),
    }


def _link(line: RequestTraceEntry) -> str:
    """To the row, where this console has a page for it and the row is this console's."""
    tenant = current_tenant()
    if line.row is None or (
        line.row[0].split(".")[0] != "events" and line.tenant != (tenant.slug if tenant else "")
    ):
        return ""
    label, pk = line.row
    try:
        return reverse(f"admin:{label.replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return ""


def _find(term: str) -> Sequence[hooks.SearchHit]:
    if not is_known(term):
        return ()
    return (hooks.SearchHit(f"Request trace {term}", "what this request caused", url_of(term), "timeline"),)


for _plane, _group in (("operator", "System"), ("tenant", "Audit & security")):
    hooks.plug(
        _plane,  # type: ignore[arg-type]
        hooks.Page(
            path="trace/",
            name="trace",
            title="Request trace",
            permission=MAY,
            view=page,
            group=_group,
            icon="timeline",
        ),
        hooks.Search(permission=MAY, find=_find),
    )
