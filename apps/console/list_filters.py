"""The query parameters by which a list may be filtered.

Django accepts every column of a list's model with every look-up. A hidden column can then be read character by
character, since the number of rows shows whether a guess is right: `?password__regex=^a`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib.admin import filters
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, PAGE_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, DateTimeField, Field, IntegerField, Model
from django.http import HttpRequest

from apps.kernel.notation import LARGEST_ID, is_whole_number, parse_day, parse_instant, parse_whole_number

Item = Any
"""An item of `list_filter`: a path, a path with the class of its filter, or a class."""
SUFFIXES: dict[type[filters.FieldListFilter], tuple[str, ...]] = {
    filters.BooleanFieldListFilter: ("__exact", "__isnull"),
    filters.ChoicesFieldListFilter: ("__exact", "__isnull"),
    filters.DateFieldListFilter: ("__gte", "__lt", "__isnull"),
    filters.AllValuesFieldListFilter: ("", "__isnull"),
    filters.EmptyFieldListFilter: ("__isempty",),
}
NOT_FILTERS = {*IGNORED_PARAMS, PAGE_VAR, ERROR_FLAG}
DATE_HIERARCHY = ("__year", "__month", "__day")
_LOOKUPS = (*DATE_HIERARCHY, *{suffix for suffixes in SUFFIXES.values() for suffix in suffixes if suffix})


def declared(model: type[Model], list_filter: Iterable[Item], date_hierarchy: str | None) -> set[str]:
    """The parameters that the filters and the date hierarchy of a list read."""
    dates = {f"{date_hierarchy}{suffix}" for suffix in DATE_HIERARCHY} if date_hierarchy else set()
    return dates.union(*(_parameters(model, item) for item in list_filter))


def must_be_well_formed(model: type[Model], name: str, value: str) -> None:
    """Numbers, dates and instants in a filter have the notation of all entry points; Django reads other digits as well.

    Raises WholeNumberMalformed, WholeNumberOutOfRange, DayMalformed, InstantMalformed.
    """
    path, _, lookup = name.rpartition("__") if name.endswith(_LOOKUPS) else (name, "", "")
    try:
        column = get_fields_from_path(model, path)[-1]
    except (FieldDoesNotExist, NotRelationField):
        return  # the parameter of a filter class, which reads its own choices
    if lookup in ("isnull", "isempty"):
        return
    column = getattr(column, "target_field", column)
    if isinstance(column, IntegerField) or f"__{lookup}" in DATE_HIERARCHY:
        parse_whole_number(value, lowest=-LARGEST_ID)
    elif isinstance(column, DateTimeField):
        parse_instant(value)
    elif isinstance(column, DateField):
        parse_day(value)


def known_values(
    values: Callable[[HttpRequest], Iterable[str]],
) -> type[filters.AllValuesFieldListFilter]:
    """A filter whose choices are these values. Django's own reads the values of all rows for each page."""

    class KnownValues(filters.AllValuesFieldListFilter):
        def __init__(self, field: Any, request: HttpRequest, *args: Any, **options: Any) -> None:
            super().__init__(field, request, *args, **options)
            vars(self).update(lookup_choices=tuple(values(request)))

    return KnownValues


def is_row_number(model: type[Model], text: str) -> bool:
    """Whether the text may be the id of a row in an address."""
    return not isinstance(model._meta.pk, IntegerField) or is_whole_number(text)


def _parameters(model: type[Model], item: Item) -> Iterator[str]:
    if isinstance(item, type) and issubclass(item, filters.SimpleListFilter):
        yield str(item.parameter_name)
        return
    path, chosen = item if isinstance(item, tuple | list) else (item, None)
    field = get_fields_from_path(model, path)[-1]
    for suffix in _suffixes(field, chosen or _filter_of(field)):
        yield f"{path}{suffix}"


def _suffixes(field: Any, chosen: type[filters.FieldListFilter]) -> tuple[str, ...]:
    if issubclass(chosen, filters.RelatedFieldListFilter):
        return (f"__{field.target_field.name}__exact", "__isnull")
    return next(suffixes for kind, suffixes in SUFFIXES.items() if issubclass(chosen, kind))


def _filter_of(field: Field[Any, Any]) -> type[filters.FieldListFilter]:
    """The class that Django takes for a path without one."""
    registered = vars(filters.FieldListFilter)["_field_list_filters"]
    kind: type[filters.FieldListFilter] = next(kind for test, kind in registered if test(field))
    return kind
