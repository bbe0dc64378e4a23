"""What a list may be narrowed by."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters import filters
from django_filters.fields import IsoDateTimeField
from django_filters.filters import CharFilter, DateFilter, Filter
from django_filters.filterset import FilterSet

__all__ = ["CharFilter", "DateFilter", "Filters", "IsoDateTimeFilter"]


class Filters(FilterSet):
    """The query parameters of a list. The list refuses a wrong value with 400."""

    base_filters: ClassVar[Mapping[str, Filter]]

    if TYPE_CHECKING:  # the package has no types

        def __init__(
            self,
            data: Mapping[str, Any] | None = None,
            queryset: QuerySet[Any] | None = None,
            *,
            request: HttpRequest | None = None,
        ) -> None: ...
        def is_valid(self) -> bool: ...
        def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]: ...


class Instant(IsoDateTimeField):
    """An instant, converted to UTC: PostgreSQL refuses an offset of sixteen hours or more, and Python accepts it."""

    def to_python(self, value: Any) -> dt.datetime | None:
        instant: dt.datetime | None = super().to_python(value)
        try:
            return instant.astimezone(dt.UTC) if instant else None
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class IsoDateTimeFilter(filters.IsoDateTimeFilter):
    field_class = Instant
