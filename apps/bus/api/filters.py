"""What a list may be narrowed by."""

import django_filters
from django_filters import CharFilter, DateFilter, IsoDateTimeFilter

__all__ = ["CharFilter", "DateFilter", "Filters", "IsoDateTimeFilter"]


class Filters(django_filters.FilterSet):  # type: ignore[misc]  # the package has no types
    """The query parameters of a list. A wrong value is refused with 400."""
