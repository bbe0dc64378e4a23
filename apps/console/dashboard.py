"""The dashboard: figures, charts and short lists, each of them only with its permission."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.kernel.tenant import current_tenant

from . import hooks, visibility


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    plane: hooks.Plane = "tenant" if current_tenant() else "operator"
    return context | {
        "checklist": _checklist(request, hooks.set_up_steps(plane)),
        "figures": [_figure(figure) for figure in hooks.figures(plane) if visibility.may(request, figure)],
        "charts": [chart_context(chart) for chart in hooks.charts(plane) if visibility.may(request, chart)],
        "tables": [_table(table) for table in hooks.tables(plane) if visibility.may(request, table)],
    }


def _checklist(request: HttpRequest, steps: Sequence[hooks.SetUpStep]) -> Sequence[dict[str, Any]]:
    """The steps, until one that ends the checklist is done, and then the lasting ones that are not done; none for users
    who may do none of them."""
    if any(step.ends and step.is_done() for step in steps):
        steps = [
            step for step in steps if step.lasting and visibility.may(request, step) and not step.is_done()
        ]
    permitted = {step.rank for step in steps if visibility.may(request, step)}
    if not permitted:
        return ()
    return [
        {
            "title": step.title,
            "is_done": not step.ends and step.is_done(),
            "link": reverse(step.link) if step.rank in permitted else "",
        }
        for step in steps
    ]


def _figure(figure: hooks.Figure) -> dict[str, Any]:
    reading = figure.read()
    return {
        "title": figure.title,
        "icon": figure.icon,
        "value": str(reading),
        "note": reading.note,
        "parts": [(name, f"{count:,}", figure.address(query)) for name, count, query in reading.parts],
        "link": figure.address() if visibility.leads_somewhere(figure) else "",
    }


def chart_context(chart: hooks.Chart) -> dict[str, Any]:
    """Of console/chart.html."""
    plot = chart.plot()
    data = {
        "labels": list(plot.labels),
        "datasets": [
            {
                "label": str(series.name),
                "data": list(series.values),
                "backgroundColor": f"var({series.colour})",
                "borderColor": f"var({series.colour})",
                "borderRadius": 4,
                "maxBarThickness": 26,
            }
            for series in plot.series
        ],
    }
    return {
        "title": chart.title,
        "kind": chart.kind,
        "unit": plot.unit,
        "data": json.dumps(data),
        "options": json.dumps(_OPTIONS),
        "headers": ["", *(str(series.name) for series in plot.series)],
        "rows": [
            (label, *values)
            for label, *values in zip(plot.labels, *(s.values for s in plot.series), strict=True)
        ],
    }


_TICKS = {"color": "#808896"}
_OPTIONS = {
    "responsive": True,
    "maintainAspectRatio": False,
    "animation": False,
    "plugins": {"legend": {"align": "end", "labels": {"boxWidth": 10, "boxHeight": 10, **_TICKS}}},
    "scales": {
        "x": {"grid": {"display": False}, "ticks": _TICKS},
        "y": {"beginAtZero": True, "ticks": _TICKS, "border": {"display": False}, "grid": {}},
    },
}
"""Without these options Unfold draws bars of 4 pixels on top of each other."""


def _table(table: hooks.Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "headers": table.headers,
        "rows": [[cell if isinstance(cell, tuple) else (cell, "") for cell in row] for row in table.rows()],
        "empty": table.empty,
        "link": reverse(table.link) if table.link else "",
    }
