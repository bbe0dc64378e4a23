"""A list that is filtered by what it declares, and searched by the one search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.console import list_filters, palette, visibility
from apps.console.errors import FilterMalformed, FilterUnknown
from apps.kernel.errors import Refusal
from apps.kernel.search import Search


class FilteredList(ModelAdmin):
    """A list is filtered by `list_filter`, `date_hierarchy` and the query parameters in `lookups`, which links of other
    pages use; every other parameter is refused. It is searched by `search`, or in the texts of `search_fields`.

    `unfiltered` is the reason of a list without filters.
    """

    lookups: Sequence[str] = ()
    search: Search | None = None
    unfiltered = ""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        list_filter = self.get_list_filter(request) if request else self.list_filter
        return lookup in self.lookups or lookup in list_filters.declared(
            self.model, list_filter, self.date_hierarchy
        )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuses a wrong filter with its reason. Django redirects to the list without filters."""
        for name, values in request.GET.lists():
            for value in values:  # a filter matches any value of a repeated parameter
                if name not in list_filters.NOT_FILTERS and not self.lookup_allowed(name, value, request):
                    raise FilterUnknown(name=name)
                self._must_be_well_formed(name, value)
        try:
            return super().get_changelist_instance(request)
        except (IncorrectLookupParameters, ValueError, OverflowError, DataError) as error:
            raise FilterMalformed from error

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Whether the list has a field for a search; the names are not used."""
        return (self.search.texts or ("pk",)) if self.search else self.search_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        search = self.search or Search(texts=self.search_fields)
        return search.rows(queryset, search_term, partial(visibility.permits, request)), False

    def _must_be_well_formed(self, name: str, value: str) -> None:
        """Raises PageUnknown, FilterMalformed."""
        if name == PAGE_VAR:
            palette.page_number(value)
        elif name not in list_filters.NOT_FILTERS:
            try:
                list_filters.must_be_well_formed(self.model, name, value)
            except Refusal as refusal:
                raise FilterMalformed from refusal
