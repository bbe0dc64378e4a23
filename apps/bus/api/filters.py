"""What a list may be narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django_filters import filters
from django_filters.fields import ModelChoiceField
from django_filters.filters import Filter
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS, FilterSet
from django_filters.rest_framework.backends import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail
from rest_framework.exceptions import ValidationError as BadRequest

from apps.kernel.errors import Refusal
from apps.kernel.notation import parse_whole_number
from apps.kernel.notation.form_fields import DayField, InstantField, WholeNumberField
from apps.kernel.text import CharacterNotAllowed, one_line

__all__ = ["CharFilter", "DateFilter", "FilterBackend", "Filters", "IsoDateTimeFilter"]


class TextField(forms.CharField):
    """A text in the normal form of stored texts, so that composed and decomposed letters name the same row."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(one_line(value) if isinstance(value, str) else value)
        except CharacterNotAllowed as refusal:
            raise ValidationError(str(refusal), code="character_not_allowed") from None


class CharFilter(filters.CharFilter):
    field_class: Any = TextField


class DateFilter(filters.DateFilter):
    field_class = DayField


class IsoDateTimeFilter(filters.IsoDateTimeFilter):
    """An instant, converted to UTC: PostgreSQL refuses an offset of sixteen hours or more, and Python accepts it."""

    field_class: Any = InstantField


class WholeNumberFilter(filters.NumberFilter):
    field_class: Any = WholeNumberField


class RowField(ModelChoiceField):
    """The id of a row."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value not in self.empty_values:
            try:
                parse_whole_number(value)
            except Refusal as refusal:
                raise ValidationError(str(refusal), code="invalid") from None
        return ModelChoiceField.to_python(self, value)


class RowFilter(filters.ModelChoiceFilter):
    field_class = RowField


_OF_COLUMNS: Mapping[type[models.Field[Any, Any]], type[Filter]] = {
    models.CharField: CharFilter,
    models.TextField: CharFilter,
    models.IntegerField: WholeNumberFilter,
    models.DateTimeField: IsoDateTimeFilter,  # before its base class
    models.DateField: DateFilter,
    models.ForeignKey: RowFilter,
}


def _of_columns() -> dict[type, object]:
    """The classes of filters that are derived from columns: those above in place of those of the package."""
    derived: dict[type, Any] = dict(FILTER_FOR_DBFIELD_DEFAULTS)
    for column in derived:
        if chosen := next((kind for base, kind in _OF_COLUMNS.items() if issubclass(column, base)), None):
            derived[column] = {**derived[column], "filter_class": chosen}
    return derived


class Filters(FilterSet):
    """The query parameters of a list. The list refuses a wrong value with 400."""

    FILTER_DEFAULTS = _of_columns()
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


class FilterBackend(DjangoFilterBackend):
    """Refuses wrong values with their sentences as they are: the package's own translation takes a `%` of the caller's
    text in a sentence for a format."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filters = self.get_filterset(request, queryset, view)
        if filters is None:
            return queryset
        if not filters.is_valid():
            raise BadRequest(
                {
                    name: [ErrorDetail(text, error.code) for error in errors for text in error.messages]
                    for name, errors in filters.errors.as_data().items()
                }
            )
        return filters.qs
