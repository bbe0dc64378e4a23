"""The query parameters by which a list may be filtered.

Django accepts every column of a list's model with every look-up. A hidden column can then be read character by
character, since the number of rows shows whether a guess is right: `?password__regex=^a`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import filters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, PAGE_VAR
from django.db.models import Field, Model

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


def declared(model: type[Model], list_filter: Iterable[Item], date_hierarchy: str | None) -> set[str]:
    """The parameters that the filters and the date hierarchy of a list read."""
    dates = {f"{date_hierarchy}{suffix}" for suffix in DATE_HIERARCHY} if date_hierarchy else set()
    return dates.union(*(_parameters(model, item) for item in list_filter))


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
