"""`?search=` of lists."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from apps.kernel.search import MAX_TERM_LENGTH

PARAMETER = "search"


class SearchBackend(BaseFilterBackend):
    """Rows of which each word matches a number, an amount or a text, by the `search` of the endpoint."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        term = request.query_params.get(PARAMETER, "")
        if not view.search:
            return queryset
        rows: QuerySet[Any] = view.search.rows(queryset, term, request.user.has_perm)
        return rows

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not view.search:
            return []
        return [
            {
                "name": PARAMETER,
                "in": "query",
                "required": False,
                "description": "Words that each match a number, an amount or a text of the row.",
                "schema": {"type": "string", "maxLength": MAX_TERM_LENGTH},
            }
        ]
