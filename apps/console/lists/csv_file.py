"""A list as a CSV file: the rows of the filter and search, in their order, with the columns of the list."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import get_current_timezone, override
from django.utils.translation import gettext

from apps.console.errors import TooManyRows
from apps.kernel.csv_lines import CONTENT_TYPE, csv_lines
from apps.kernel.notation.shown import shown_instant

from .amounts import amount_of

MAX_ROWS = 100_000
ROWS_PER_QUERY = 1_000


def link(request: HttpRequest) -> str:
    """The address of the file, with each parameter of the list but the page."""
    parameters = request.GET.copy()
    parameters.pop(PAGE_VAR, None)
    return f"csv/?{parameters.urlencode()}" if parameters else "csv/"


def response(admin: Any, changelist: ChangeList) -> HttpResponseBase:
    """Raises TooManyRows."""
    if changelist.result_count > MAX_ROWS:
        raise TooManyRows(count=f"{changelist.result_count:,}", limit=f"{MAX_ROWS:,}")
    columns = [name for name in changelist.list_display if name != "action_checkbox"]
    name = str(admin.opts.verbose_name_plural).replace(" ", "-")
    return StreamingHttpResponse(
        csv_lines([*_header(admin, columns)], _rows(admin, columns, changelist, get_current_timezone())),
        content_type=CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _header(admin: Any, columns: Sequence[Any]) -> Iterator[str]:
    for name in columns:
        title = capfirst(str(label_for_field(name, admin.model, model_admin=admin)))
        yield title
        if amount_of(admin, name):
            yield gettext("{title}: currency").format(title=title)


def _rows(admin: Any, columns: Sequence[Any], changelist: ChangeList, zone: dt.tzinfo) -> Iterator[list[Any]]:
    """Instants are as in the list. The rows are written after the request, so its time zone is set for each of them."""
    for row in changelist.queryset.iterator(chunk_size=ROWS_PER_QUERY):
        with override(zone):
            cells = [_written(cell) for name in columns for cell in _cells(admin, name, row)]
        yield cells


def _written(cell: Any) -> Any:
    return shown_instant(cell) if isinstance(cell, dt.datetime) else cell


def _cells(admin: Any, name: Any, row: Any) -> Sequence[Any]:
    if amount := amount_of(admin, name):
        amounts = amount.money(row)
        return (
            "; ".join(str(money.amount) for money in amounts),
            "; ".join(money.currency.code for money in amounts),
        )
    try:
        field, _, value = lookup_field(name, row, admin)
    except ObjectDoesNotExist:
        return ("",)
    if field is None:
        return (_plain(value),)
    if field.is_relation:
        related = getattr(row, field.name)
        return ("" if related is None else str(related),)
    return (str(dict(field.flatchoices).get(value, value)) if field.flatchoices else value,)


def _plain(value: Any) -> Any:
    """The text of a cell that is HTML."""
    return html.unescape(strip_tags(value)) if isinstance(value, SafeString) else value
