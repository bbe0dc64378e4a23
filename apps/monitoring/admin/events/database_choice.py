"""The choice of the database in a list: each has these tables, with ids of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.admin import ReadOnlyAdmin
from apps.console.row_links import Link
from apps.kernel.db import databases
from apps.kernel.tenant import HOME


class OfDatabase(admin.SimpleListFilter):
    """Choice of the database; hidden if there is only one."""

    title = _("database")
    parameter_name = "database"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        keys = databases.known()
        return [(key, key) for key in keys] if len(keys) > 1 else []

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Without the choice of all databases."""
        for key, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {
                "selected": str(key) == (self.value() or HOME),
                "query_string": query,
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Unfiltered: `get_queryset` chose the database already, since the page of a row has no filters."""
        return queryset


def database_of(request: HttpRequest) -> str:
    """The key of the database; for a row that was opened from a list, that of the list. Raises Http404."""
    of_the_list = parse_qs(request.GET.get("_changelist_filters", ""))
    key = request.GET.get("database") or of_the_list.get("database", [HOME])[0]
    if key not in databases.known():
        raise Http404
    return key


class OfOneDatabase(ReadOnlyAdmin):
    """Rows of one database."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).using(databases.runtime(database_of(request)))

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        others = [key for key in databases.known() if key != database_of(request)]
        return [
            Link(gettext("Database {key}").format(key=key), f"?{urlencode({'database': key})}", "database")
            for key in others
        ]
