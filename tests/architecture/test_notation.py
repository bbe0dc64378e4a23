"""Every number, date and instant of a form, filter, serializer or argument is read by apps.kernel.notation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin
from django_filters.filterset import FilterSet
from rest_framework import serializers

from apps.bus.api.filters import Filters
from tests.support.source_files import ROOT, sources

STOCK_NAMES = {
    *(
        "IntegerField",
        "DecimalField",
        "FloatField",
        "DateField",
        "DateTimeField",
        "TimeField",
        "DurationField",
    ),
    *(
        "SplitDateTimeField",
        "JSONField",
        "NumberFilter",
        "NumericRangeFilter",
        "RangeFilter",
        "DateRangeFilter",
    ),
    *("DateTimeFilter", "DateFromToRangeFilter", "ModelChoiceFilter", "ModelMultipleChoiceFilter"),
}
PACKAGES = ("forms", "serializers", "filters", "django.forms", "rest_framework.serializers", "django_filters")
OWNERS = {"apps/kernel/notation/form_fields.py", "apps/bus/api/fields.py", "apps/bus/api/filters.py"}
"""The modules that derive our fields from those of the frameworks."""
NUMBER_TYPES = {"int", "float", "complex", "Decimal", "fromisoformat", "parse_date", "parse_datetime"}
STOCK_FORM_FIELDS = (
    forms.IntegerField,
    forms.DateField,
    forms.DateTimeField,
    forms.TimeField,
    forms.DurationField,
)
STOCK_SERIALIZER_FIELDS = (
    *(serializers.IntegerField, serializers.DecimalField, serializers.FloatField),
    *(serializers.DateField, serializers.DateTimeField, serializers.TimeField, serializers.DurationField),
)


def stock_fields(text: str) -> list[str]:
    """The fields of a framework for numbers, dates and JSON that the source names."""
    return [name for node in ast.walk(ast.parse(text)) for name in _stock_names(node)]


def _stock_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in STOCK_NAMES:
        owner = ast.unparse(node.value)
        if owner.endswith(PACKAGES):
            yield f"{owner}.{node.attr}"
    elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(PACKAGES[3:]):
        yield from (f"{node.module}.{name.name}" for name in node.names if name.name in STOCK_NAMES)


def guessed_arguments(text: str) -> list[str]:
    """The types of arguments of management commands by which Python reads a number or date in many forms."""
    return [
        ast.unparse(keyword.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add_argument"
        for keyword in node.keywords
        if keyword.arg == "type" and ast.unparse(keyword.value).rpartition(".")[2] in NUMBER_TYPES
    ]


def digit_tests(text: str) -> list[str]:
    """Methods that are true for the digits of every script."""
    return [
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in ("isdigit", "isdecimal", "isnumeric")
    ]


CANDIDATE = re.compile("|".join([*STOCK_NAMES, "add_argument", "isdigit", "isdecimal", "isnumeric"]))


def test_no_module_uses_a_stock_field_for_numbers_dates():
    modules = {
        str(path.relative_to(ROOT)): text
        for path in sources()
        if "migrations" not in path.parts and CANDIDATE.search(text := path.read_text())
    }

    assert len(modules) > 50
    assert {
        name: stock for name, text in modules.items() if name not in OWNERS and (stock := stock_fields(text))
    } == {}
    assert {name: types for name, text in modules.items() if (types := guessed_arguments(text))} == {}
    assert [name for name, text in modules.items() if digit_tests(text)] == [
        "apps/kernel/outbound/targets.py"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "x = forms.IntegerField()",
        "x = serializers.DecimalField(max_digits=3)",
        "class X(forms.DateField): pass",
        "from rest_framework.serializers import DateTimeField",
        "from django_filters.filters import NumberFilter",
        "x = django.forms.JSONField",
    ],
)
def test_every_use_of_a_stock_field_is_recognised(text):
    assert len(stock_fields(text)) == 1


def test_fields_of_models_are_no_stock_fields():
    assert stock_fields("x = models.IntegerField()\ny = DayField()") == []
    assert (
        guessed_arguments("p.add_argument('--n', type=int)\np.add_argument('d', type=dt.date.fromisoformat)")
        != []
    )
    assert (
        guessed_arguments("p.add_argument('--n', type=whole_number())\np.add_argument('file', type=Path)")
        == []
    )


@pytest.fixture(scope="module")
def entry_points() -> None:
    """Imports the modules of all addresses, whose classes are then known as subclasses."""
    for urlconf in (settings.ROOT_URLCONF, settings.OPERATOR_URLCONF):
        import_module(urlconf)
    admin.autodiscover()


def subclasses(base: type) -> set[type]:
    return {base}.union(*(subclasses(kind) for kind in base.__subclasses__()))


def of_bursar(base: type) -> list[Any]:
    return sorted((kind for kind in subclasses(base) if kind.__module__.startswith("apps.")), key=repr)


def of_the_frameworks(fields: Iterable[tuple[str, Any]], stock: tuple[type, ...]) -> list[str]:
    return [
        f"{name}: {type(field).__qualname__}"
        for name, field in fields
        if isinstance(field, stock) and not type(field).__module__.startswith("apps.")
    ]


def test_every_form_has_fields_of_the_notation(entry_points):
    declared = of_bursar(forms.BaseForm)

    fields = [
        (f"{form.__qualname__}.{name}", field)
        for form in declared
        for name, field in form.base_fields.items()
    ]
    assert len(fields) > 100
    assert of_the_frameworks(fields, STOCK_FORM_FIELDS) == []


def test_every_serializer_has_fields_of_the_notation(entry_points):
    declared = [kind for kind in of_bursar(serializers.BaseSerializer) if hasattr(kind, "_declared_fields")]

    fields = [
        (f"{kind.__qualname__}.{name}", field)
        for kind in declared
        if not issubclass(kind, serializers.ModelSerializer) or hasattr(kind, "Meta")
        for name, field in kind().fields.items()
        if not (field.read_only and not issubclass(kind, serializers.ModelSerializer))
    ]
    assert len(fields) > 300
    assert of_the_frameworks(fields, STOCK_SERIALIZER_FIELDS) == []


def test_every_filter_has_a_field_of_the_notation(entry_points):
    declared = of_bursar(FilterSet)
    assert len(declared) > 15
    assert [kind for kind in declared if not issubclass(kind, Filters)] == []

    fields = [
        (f"{kind.__qualname__}.{name}", one.field)
        for kind in declared
        for name, one in kind.base_filters.items()
    ]
    assert of_the_frameworks(fields, (*STOCK_FORM_FIELDS, forms.ModelChoiceField)) == []


class Careless(forms.Form):
    count = forms.IntegerField()


def test_a_stock_field_of_a_form_is_recognised():
    fields = Careless.base_fields.items()

    assert of_the_frameworks(fields, STOCK_FORM_FIELDS) == ["count: IntegerField"]
