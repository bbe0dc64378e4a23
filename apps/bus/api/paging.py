"""Long lists, a page at a time, by a cursor: what is posted meanwhile neither repeats nor hides a row."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Never
from urllib.parse import parse_qs

from django.core.exceptions import ValidationError as ValueRefused
from django.db import DataError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

LARGEST = 200
NO_CURSOR = "This cursor is from no page of this list."


class Paging(CursorPagination):
    """`?page_size=` up to 200 and `?cursor=` from the page before. The view's `ordering` names unique fields."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        ordering: tuple[str, ...] = view.ordering
        return ordering

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size", str(self.page_size))
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= LARGEST):
            _refuse("page_size", f"A page has 1 to {LARGEST} rows.")
        return int(asked)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, TypeError, ValueRefused, DataError):
            if "cursor" not in request.query_params:
                raise
            _refuse("cursor", NO_CURSOR)

    def decode_cursor(self, request: Request) -> Any:
        asked = request.query_params.get("cursor")
        if asked is not None and not _is_ours(asked):
            _refuse("cursor", NO_CURSOR)
        return super().decode_cursor(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters: Sequence[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == "page_size":
                parameter["schema"] |= {"minimum": 1, "maximum": LARGEST, "default": self.page_size}
        return list(parameters)


def _is_ours(cursor: str) -> bool:
    """Base64 of `p=`, `o=` and `r=`, as DRF writes it; DRF itself would read nonsense as the first page."""
    try:
        said = parse_qs(b64decode(cursor.encode("ascii"), validate=True).decode("ascii"), strict_parsing=True)
    except ValueError:
        return False
    return bool(said) and set(said) <= {"p", "o", "r"}


def _refuse(parameter: str, sentence: str) -> Never:
    raise ValidationError({parameter: [sentence]})
