"""Request traces in both consoles, by correlation id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.kernel.observability.request_trace import RequestTraceEntry
from apps.kernel.tenant import current_tenant
from apps.monitoring.request_traces import is_known, record_access, trace_of

VIEW_PERMISSION = "monitoring.view_trace"
ICONS = {"good": "check_circle", "plain": "circle", "waiting": "hourglass_top", "bad": "error"}
MAX_DEPTH = 6


def page(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    correlation_id = request.GET.get("id", "").strip()
    lines = trace_of(correlation_id) if correlation_id else ()
    if lines:
        record_access(request.user, correlation_id, lines)
    return TemplateResponse(
        request,
        "monitoring/trace.html",
        context
        | {
            "correlation_id": correlation_id,
            "rows": [_row(line, lines) for line in lines],
            "seconds": f"{_last(lines):.2f}",
            "at_operator": current_tenant() is None,
        },
    )


def url_of(correlation_id: str) -> str:
    return f"{reverse('admin:trace')}?{urlencode({'id': correlation_id})}"


def _last(lines: Sequence[RequestTraceEntry]) -> float:
    """Seconds from the first entry to the last."""
    times = [line.at for line in lines]
    return (max(times) - min(times)).total_seconds() if times else 0.0


def _row(line: RequestTraceEntry, lines: Sequence[RequestTraceEntry]) -> dict[str, Any]:
    after = (line.at - min(line.at for line in lines)).total_seconds()
    return {
        "line": line,
        "after": f"+{after:.3f} s",
        "depth": min(line.depth, MAX_DEPTH),
        "icon": ICONS[line.severity],
        "link": _link(line),
    }


def _link(line: RequestTraceEntry) -> str:
    """The URL of the row, if it belongs to this console and has a page."""
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
    title = gettext("Request trace {term}").format(term=term)
    return (hooks.SearchHit(title, gettext("what this request caused"), url_of(term), "timeline"),)


_GROUPS: Mapping[hooks.Plane, str | Promise] = {"operator": _("System"), "tenant": _("Audit & security")}

for _plane, _group in _GROUPS.items():
    hooks.plug(
        _plane,
        hooks.Page(
            path="trace/",
            name="trace",
            title=_("Request trace"),
            permission=VIEW_PERMISSION,
            view=page,
            group=_group,
            icon="timeline",
        ),
        hooks.Search(permission=VIEW_PERMISSION, find=_find),
    )
