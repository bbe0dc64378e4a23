"""Cursor pagination: a row inserted between two requests neither repeats nor hides another."""

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

from apps.kernel.errors import Refusal
from apps.kernel.notation import parse_whole_number

MAX_PAGE_SIZE = 200
NO_CURSOR = "This cursor belongs to no page of this list."


class Paging(CursorPagination):
    """`?page_size=` up to 200 and `?cursor=` from the previous page. The view's `ordering` names unique fields."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        ordering: tuple[str, ...] = view.ordering
        return ordering

    def get_page_size(self, request: Request) -> int:
        page_size = request.query_params.get("page_size", str(self.page_size))
        try:
            return parse_whole_number(page_size, lowest=1, highest=MAX_PAGE_SIZE)
        except Refusal:
            _refuse("page_size", f"A page has 1 to {MAX_PAGE_SIZE} rows.")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, TypeError, ValueRefused, DataError):
            if "cursor" not in request.query_params:
                raise
            _refuse("cursor", NO_CURSOR)

    def decode_cursor(self, request: Request) -> Any:
        cursor = request.query_params.get("cursor")
        if cursor is not None and not _is_well_formed(cursor):
            _refuse("cursor", NO_CURSOR)
        return super().decode_cursor(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters: Sequence[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == "page_size":
                parameter["schema"] |= {"minimum": 1, "maximum": MAX_PAGE_SIZE, "default": self.page_size}
        return list(parameters)


def _is_well_formed(cursor: str) -> bool:
    """Base64 of `p=`, `o=` and `r=`, as DRF encodes it. DRF itself reads a malformed cursor as the first page."""
    try:
        members = parse_qs(
            b64decode(cursor.encode("ascii"), validate=True).decode("ascii"), strict_parsing=True
        )
    except ValueError:
        return False
    return bool(members) and set(members) <= {"p", "o", "r"}


def _refuse(parameter: str, sentence: str) -> Never:
    raise ValidationError({parameter: [sentence]})
