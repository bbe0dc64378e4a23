"""Every amount, count, date and instant of the API, of both consoles and of the filters of lists, in spellings that
other systems would guess: each is refused with its field, and nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from copy import deepcopy
from importlib import import_module
from typing import Any, TypeVar

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.test import Client
from rest_framework import serializers

from apps.audit.models import Record
from apps.bus.api.fields import Day, ExactDecimal, Instant, WholeNumber
from apps.bus.api.filters import DateFilter, IsoDateTimeFilter, RowFilter, WholeNumberFilter
from apps.bus.api.serializers import serializer_for
from apps.bus.api.views import CommandEndpoint
from apps.kernel.notation.form_fields import AmountField, DayField, InstantField, WholeNumberField
from tests.support.attack_surface import OPERATORS, TENANTS, body, filled_form
from tests.support.console_pages import OPERATOR as OPERATOR_PAGES
from tests.support.console_pages import TENANT as TENANT_PAGES
from tests.support.endpoints import endpoints

Path = tuple[str | int, ...]
NO_NUMBERS = (
    *(
        "1e2",
        "1E+2",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "--1",
        "1_000",
        "1 000",
        "1'000",
        "1,000",
        "1.000.000",
    ),
    *("٥", "１２", "1²", "½", "$5", "5-", "five", "1" * 20, "1\u00a0000"),
)
TEXTS_REFUSED: Mapping[str, tuple[str, ...]] = {
    "amount": (*NO_NUMBERS, "12,50", "1,250.00", "1.250,00", ".5", "5.", "1.2.3"),
    "count": (*NO_NUMBERS, "1.0", "1.", "12,5", "+1", "1/2"),
    "day": (
        *(
            "20260131",
            "2026-1-31",
            "31.01.2026",
            "01/31/2026",
            "31/01/26",
            "2026/01/31",
            "Jan 31 2026",
            "2026-02-30",
        ),
        *(
            "2026-13-01",
            "2026-W05-6",
            "2026-031",
            "26-01-31",
            "0000-01-01",
            "12026-01-31",
            "٢٠٢٦-٠١-٣١",
            "２０２６-01-31",
        ),
        *("2026-01-31T00:00:00Z", "86400", "today", "2026-01-31Z", "2026‐01‐31"),
    ),
    "instant": (
        *(
            "20260131T120000Z",
            "2026-1-31T12:00",
            "31.01.2026 12:00",
            "01/31/2026 12:00",
            "2026-02-30T00:00:00Z",
        ),
        *(
            "2026-01-31T25:00:00Z",
            "2026-01-31T12:00:60Z",
            "2026-01-31T12",
            "2026-W05-6T12:00",
            "noon",
            "1769860800",
        ),
        *(
            "2026-01-31T12:00:00+0100",
            "2026-01-31T12:00:00 01:00",
            "٢٠٢٦-٠١-٣١T12:00:00Z",
            "2026-01-31T12:00,5Z",
        ),
        *(
            "2026-01-31T12:00:00+25:00",
            "2026-01-31T12:00:00+01",
            "2026-01-31T1:00",
            "0000-01-01T00:00:00Z",
            "2026-01-31T12:00:00.1234567Z",
        ),
    ),
}
OTHER_JSON = (True, [1], {"a": 1}, "", " 1", "1\u00a0", 1.5, 1e300)
JSON_REFUSED: Mapping[str, tuple[Any, ...]] = {
    "amount": (*TEXTS_REFUSED["amount"], *OTHER_JSON, 12, 0),
    "count": (*TEXTS_REFUSED["count"], *OTHER_JSON, "7", 7.0, 2**63, -(2**63)),
    "day": (*TEXTS_REFUSED["day"], *OTHER_JSON, 86400),
    "instant": (*TEXTS_REFUSED["instant"], *OTHER_JSON, 86400),
}
KINDS: Mapping[type, str] = {
    ExactDecimal: "amount",
    WholeNumber: "count",
    Day: "day",
    Instant: "instant",
    AmountField: "amount",
    WholeNumberField: "count",
    DayField: "day",
    InstantField: "instant",
    DateFilter: "day",
    IsoDateTimeFilter: "instant",
    RowFilter: "count",
    WholeNumberFilter: "count",
}
CRAWL = pytest.mark.exhaustive("every field in every spelling", inside=True)
Field = TypeVar("Field", bound=Hashable)


def rounds(points: Iterable[tuple[str, Field, Any]]) -> Iterator[tuple[str, dict[Field, Any]]]:
    """Requests that try all points: one for each address and spelling, with a wrong value in every field at once, since
    all wrong fields are reported together."""
    left: dict[str, dict[Field, list[Any]]] = {}
    for address, field, value in points:
        left.setdefault(address, {}).setdefault(field, []).append(value)
    for address, values in left.items():
        for number in range(max(map(len, values.values()))):
            yield address, {field: of[number] for field, of in values.items() if number < len(of)}


def kind_of(field: object) -> str | None:
    return next((kind for shape, kind in KINDS.items() if isinstance(field, shape)), None)


def test_every_kind_of_a_value_has_twenty_spellings():
    assert {kind: len(texts) >= 20 for kind, texts in TEXTS_REFUSED.items()} == dict.fromkeys(
        TEXTS_REFUSED, True
    )


# --- The API


def leaves(serializer: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The paths of all amounts, counts, dates and instants in a body."""
    for name, field in serializer.fields.items():
        yield from _leaves_of(field, (*path, name))


def _leaves_of(field: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        yield from _leaves_of(field.child, (*path, 0))
    elif isinstance(field, serializers.Serializer):
        yield from leaves(field, path)
    elif kind := kind_of(field):
        yield path, kind


def changed(document: Any, path: Path, value: Any) -> Any:
    """The document with another value at the path; a list has one member at least."""
    if not path:
        return value
    first, *rest = path
    if isinstance(first, int):
        members = document or [None]
        return [changed(members[0], tuple(rest), value), *members[1:]]
    document = dict(document or {})
    return document | {first: changed(document.get(first), tuple(rest), value)}


def posts(plane: str) -> list[tuple[str, Any]]:
    return [
        (address, view)
        for address, view in endpoints(plane)
        if view
        and issubclass(view, CommandEndpoint)
        and hasattr(view, "post")
        and not view.request_serializer
    ]


def points_of_commands(plane: str) -> list[tuple[str, Path, Any]]:
    return [
        (address, path, value)
        for address, view in posts(plane)
        for path, kind in leaves(serializer_for(view.command, view.server_fields)())
        for value in JSON_REFUSED[kind]
    ]


@CRAWL
@pytest.mark.parametrize("plane", ["tenant", "operator"])
def test_a_spelling_in_a_body_is_refused_with_its_path(sample, client_for, owner, operator, plane):
    client, prefix, urlconf = (
        (client_for(owner), "/t/acme", TENANTS)
        if plane == "tenant"
        else (client_for(operator, None), "", OPERATORS)
    )
    client.raise_request_exception = False
    bodies = {address: body(address, urlconf) for address, _ in posts(plane)}

    wrong = {}
    points = sample.of(points_of_commands(plane), 1, by=lambda point: point[:2])
    for address, values in rounds(points):
        document = deepcopy(bodies[address])
        for path, value in values.items():
            document = changed(document, path, value)
        response = client.post(f"{prefix}{address}?dry_run=true", document, content_type="application/json")
        attributes = [str(error["attr"]) for error in response.json().get("errors", ())]
        for path, value in values.items():
            expected = ".".join(map(str, path))
            is_named = any(f"{name}.".startswith(f"{expected}.") for name in attributes)
            if response.status_code != 400 or not is_named:
                wrong[address, path, repr(value)] = response.content[:200]

    assert len(points_of_commands(plane)) > 500
    assert wrong == {}


@CRAWL
def test_a_spelling_in_a_filter_of_a_list_is_refused(sample, client_for, owner):
    client = client_for(owner)
    client.raise_request_exception = False
    points = [
        (address, name, text)
        for address, view in endpoints("tenant")
        for name, one in getattr(getattr(view, "filterset_class", None), "base_filters", {}).items()
        if (kind := kind_of(one))
        for text in TEXTS_REFUSED[kind]
    ]

    wrong = {}
    for address, name, text in sample.of(points, 1, by=lambda point: point[:2]):
        response = client.get(f"/t/acme{address}", {name: text})
        if (response.status_code, [error["attr"] for error in response.json().get("errors", ())]) != (
            400,
            [name],
        ):
            wrong[address, name, text] = response.content[:200]

    assert len(points) > 200
    assert wrong == {}


# --- The consoles


def declared_fields() -> list[tuple[str, forms.Field, str]]:
    """The declared fields of all forms. Those that a form adds for one request are on the pages below."""
    for urlconf in (settings.ROOT_URLCONF, settings.OPERATOR_URLCONF):
        import_module(urlconf)
    admin.autodiscover()
    return [
        (f"{form.__module__}.{form.__qualname__}.{name}", field, kind)
        for form in _forms(forms.BaseForm)
        if form.__module__.startswith("apps.")
        for name, field in form.base_fields.items()
        if (kind := kind_of(field))
    ]


def _forms(base: Any) -> set[Any]:
    return {*base.__subclasses__()}.union(*(_forms(kind) for kind in base.__subclasses__()))


def test_a_spelling_in_a_declared_field_of_a_form_is_refused():
    fields = declared_fields()
    accepted = [
        (name, text)
        for name, field, kind in fields
        for text in TEXTS_REFUSED[kind]
        if not _is_refused(field.clean, text)
    ]

    assert len(fields) > 25
    assert {kind for _, _, kind in fields} == set(TEXTS_REFUSED)
    assert accepted == []


def _is_refused(clean: Callable[[str], object], text: str) -> bool:
    try:
        clean(text)
    except ValidationError:
        return True
    return False


def fields_of(response: Any) -> list[tuple[str, str]]:
    """The names and kinds of the fields on a page: those of its form, and those of its first line."""
    shown = _shown_forms(response)
    return [
        (form.add_prefix(name), kind)
        for form in shown
        for name, field in form.fields.items()
        if (kind := kind_of(field))
    ]


def _shown_forms(response: Any) -> list[Any]:
    context = response.context
    if response.status_code not in (200, 422) or context is None:
        return []
    shown = [form] if isinstance(form := context.get("form"), forms.BaseForm) else []
    return [*shown, *list(context.get("lines") or ())[:1]] if context.get("lines") is not None else shown


@pytest.mark.exhaustive("every field of every page in every spelling")
@pytest.mark.parametrize("plane", ["tenant", "operator"])
def test_a_spelling_on_a_page_of_a_console_is_refused_beside_its_field(client_for, owner, operator, plane):
    client, prefix, pages = (
        (client_for(owner), "/t/acme/", TENANT_PAGES)
        if plane == "tenant"
        else (client_for(operator, None), "/", OPERATOR_PAGES)
    )
    forms_of_pages = {page: _form_of(client, f"{prefix}{page}") for page in pages}
    points = [
        (page, name, text)
        for page, (_, fields) in forms_of_pages.items()
        for name, kind in fields
        for text in TEXTS_REFUSED[kind]
    ]
    commands = Record.objects.count()

    accepted = []
    for page, texts in rounds(points):
        send = client.get if page in FORMS_OF_QUERIES else client.post
        response = send(f"{prefix}{page}", forms_of_pages[page][0] | texts)
        errors = {form.add_prefix(field) for form in _shown_forms(response) for field in form.errors}
        accepted += [(page, name, text) for name, text in texts.items() if name not in errors]

    assert len(points) > 100
    assert accepted == []
    assert Record.objects.count() == commands


FORMS_OF_QUERIES = ("ledger/account-statement/",)
"""Pages that read their form from the query."""


def _form_of(client: Client, address: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The filled form of a page, and its fields; without a field of these kinds nothing is filled."""
    fields = fields_of(client.get(address))
    return (filled_form(client, address) if fields else {}), fields
