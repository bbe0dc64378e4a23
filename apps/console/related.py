"""Records that belong together, such as an order and its payments: the page of each lists the others, with links.

An app describes how rows of its models are listed, and the higher app of two relates them, once for both pages. A
relation costs one query per page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from . import visibility

MAX_ROWS_LISTED = 20
Cell = str | Promise | tuple[str | Promise, str]
"""Text, or text and link."""
RowsOf = Callable[[Any], QuerySet[Any]]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How rows of `model` ("payments.payment") are listed on the pages of others: the first of the `cells` of a row
    links to its page, or to `page(row)`."""

    model: str
    title: str | Promise
    permission: str
    headers: Sequence[str | Promise]
    cells: Callable[[Any], Sequence[Cell]]
    page: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class RelatedTable:
    """A table below a row. `more` links to the list with all rows, if the table shows the latest only."""

    title: str | Promise
    headers: Sequence[str | Promise]
    rows: Sequence[Sequence[tuple[str | Promise, str]]]
    is_cut: bool = False
    more: str = ""


TableOf = Callable[[HttpRequest, Any], RelatedTable]


@dataclass(frozen=True)
class _Side:
    model: str
    rows_of: RowsOf
    query_of: Callable[[Any], str] | None


_kinds: dict[str, Kind] = {}
_sides: dict[str, list[_Side]] = {}
_tables: dict[str, list[TableOf]] = {}


def describe(*kinds: Kind) -> None:
    """Apps call it in their `admin` module."""
    _kinds.update((kind.model, kind) for kind in kinds)


def relate(
    one: str,
    other: str,
    *,
    others_of: RowsOf | None = None,
    ones_of: RowsOf | None = None,
    others_query: Callable[[Any], str] | None = None,
) -> None:
    """Lists the rows of one model on the pages of the other, and the reverse. A side is omitted if its page has a field
    that links to the other. `others_query` is the filter of the list of `other` for a row of `one`."""
    for model, listed, rows_of, query_of in (
        (one, other, others_of, others_query),
        (other, one, ones_of, None),
    ):
        if rows_of:
            _sides.setdefault(model, []).append(_Side(listed, rows_of, query_of))


def table_of(model: str, table: TableOf) -> None:
    """Adds a table of another form, before the related records."""
    _tables.setdefault(model, []).append(table)


def related_tables(request: HttpRequest, row: Model) -> Sequence[RelatedTable]:
    """The tables below a row: those with rows that the user may view."""
    model = row._meta.label_lower
    related = [
        _listed(_kinds[side.model], side, row)
        for side in _sides.get(model, [])
        if visibility.permits(request, _kinds[side.model].permission)
    ]
    own = [table(request, row) for table in _tables.get(model, [])]
    return [table for table in [*own, *related] if table.rows]


def _listed(kind: Kind, side: _Side, row: Model) -> RelatedTable:
    rows = list(side.rows_of(row)[: MAX_ROWS_LISTED + 1])
    is_cut = len(rows) > MAX_ROWS_LISTED
    return RelatedTable(
        kind.title,
        kind.headers,
        [_cells(kind, listed) for listed in rows[:MAX_ROWS_LISTED]],
        is_cut,
        _list_of(kind.model) + side.query_of(row) if is_cut and side.query_of else "",
    )


def _cells(kind: Kind, row: Model) -> Sequence[tuple[str | Promise, str]]:
    page = kind.page(row) if kind.page else page_of(row)
    first, *others = kind.cells(row)
    return [
        (first[0] if isinstance(first, tuple) else first, page),
        *(cell if isinstance(cell, tuple) else (cell, "") for cell in others),
    ]


def page_of(row: Model) -> str:
    """The address of the page of a row in the console."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _list_of(model: str) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_changelist")
