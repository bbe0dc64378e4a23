"""What a list may be narrowed by."""

import datetime as dt
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django_filters import CharFilter, DateFilter
from django_filters.fields import IsoDateTimeField

__all__ = ["CharFilter", "DateFilter", "Filters", "IsoDateTimeFilter"]


class Filters(django_filters.FilterSet):  # type: ignore[misc]  # the package has no types
    """The query parameters of a list. A wrong value is refused with 400."""


class Instant(IsoDateTimeField):  # type: ignore[misc]
    """In UTC, since PostgreSQL knows no zone that is sixteen hours away, and Python does."""

    def to_python(self, value: Any) -> dt.datetime | None:
        instant: dt.datetime | None = super().to_python(value)
        try:
            return instant.astimezone(dt.UTC) if instant else None
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class IsoDateTimeFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    field_class = Instant
