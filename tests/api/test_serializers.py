"""The serializer of a command accepts exactly the fields and types of its dataclass."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.bus import Command
from apps.bus.api.serializers import component_name, serializer_for
from apps.bus.registry import commands
from apps.kernel.plain import secret
from apps.kernel.text import one_line, sanitised


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Part:
    name: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class DoEverything(Command):
    """Do everything."""

    permission = "bus.do_everything"
    audit_message = "did everything"

    text: str
    number: int
    truth: bool
    day: dt.date
    instant: dt.datetime
    amount: Decimal
    colour: Colour
    side: Literal["left", "right"]
    parts: tuple[Part, ...]
    first: Part
    perhaps: int | None = None
    anything: Any = None
    tags: tuple[str, ...] = ()
    memo: str = ""
    password: str = field(default="", metadata=secret, repr=False)


GOOD: dict[str, Any] = {
    "text": "  stored  in\u200b its normal form ",
    "number": 7,
    "truth": True,
    "day": "2026-01-31",
    "instant": "2026-01-31T12:00:00Z",
    "amount": "-12.50",
    "colour": "blue",
    "side": "left",
    "parts": [{"name": "a", "amount": "1"}, {"name": "b", "amount": "0.001"}],
    "first": {"name": "c", "amount": "+3"},
}


def test_a_valid_body_becomes_the_command():
    serializer = serializer_for(DoEverything)(data=GOOD)

    assert serializer.is_valid(), serializer.errors
    assert serializer.command() == DoEverything(
        text="stored in its normal form",
        number=7,
        truth=True,
        day=dt.date(2026, 1, 31),
        instant=dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC),
        amount=Decimal("-12.50"),
        colour=Colour.BLUE,
        side="left",
        parts=(Part(name="a", amount=Decimal(1)), Part(name="b", amount=Decimal("0.001"))),
        first=Part(name="c", amount=Decimal(3)),
    )


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("text", 5, "invalid"),
        ("text", "", "required"),
        ("text", "\u200b\xa0", "required"),
        ("text", "x" * 2001, "max_length"),
        ("text", "nul\x00", "character_not_allowed"),
        ("text", "half \ud83d", "character_not_allowed"),
        ("text", None, "null"),
        ("number", "7", "invalid"),
        ("number", 7.0, "invalid"),
        ("number", True, "invalid"),
        ("number", 2**63, "max_value"),
        ("truth", 1, "invalid"),
        ("truth", "true", "invalid"),
        ("day", "31.01.2026", "invalid"),
        ("amount", 12.5, "invalid"),
        ("amount", "1e5", "invalid"),
        ("amount", "NaN", "invalid"),
        ("amount", "١", "invalid"),
        ("colour", "green", "invalid_choice"),
        ("side", "up", "invalid_choice"),
        ("parts", {}, "not_a_list"),
        ("first", "c", "invalid"),
        ("tags", "c", "not_a_list"),
    ],
)
def test_a_value_of_another_json_type_is_refused(name, value, code):
    serializer = serializer_for(DoEverything)(data=GOOD | {name: value})

    assert not serializer.is_valid()
    assert code in str(serializer.errors[name])
    assert list(serializer.errors) == [name]


def test_an_unknown_field_is_refused_by_its_name():
    serializer = serializer_for(DoEverything)(
        data=GOOD | {"sied": "left", "first": {"name": "c", "amount": "1", "amuont": "2"}}
    )

    assert not serializer.is_valid()
    assert serializer.errors["sied"][0].code == "unknown"
    assert serializer.errors["first"]["amuont"][0].code == "unknown"


def test_all_invalid_fields_are_reported_at_once():
    serializer = serializer_for(DoEverything)(data={"bogus": 1})

    assert not serializer.is_valid()
    required = {field.name for field in fields(DoEverything)} - {
        "perhaps", "anything", "tags", "memo", "password"
    }  # fmt: skip
    assert set(serializer.errors) == required | {"bogus"}


def test_a_secret_is_never_shown():
    serializer = serializer_for(DoEverything)(data=GOOD | {"password": "hunter2"})
    serializer.is_valid(raise_exception=True)

    shown = serializer_for(DoEverything)(serializer.command()).data

    assert "password" not in shown


def test_a_server_field_is_not_part_of_the_body():
    serializer = serializer_for(DoEverything, ("number",))(
        data={k: v for k, v in GOOD.items() if k != "number"}
    )

    assert serializer.is_valid(), serializer.errors
    assert serializer.command(number=8).number == 8


def test_a_serializer_is_cached_under_the_name_of_its_command():
    assert serializer_for(DoEverything) is serializer_for(DoEverything)
    assert component_name(DoEverything) == "DoEverything"


def test_a_type_without_a_json_form_is_refused():
    @dataclass(frozen=True)
    class Odd:
        value: complex

    with pytest.raises(TypeError, match=r"Odd\.value"):
        serializer_for(Odd)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
JSON = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT


@pytest.fixture(scope="module", autouse=True)
def _storable_values():
    """Limits drawn values to those of the database: BIGINT, money decimals, normal texts, aware instants."""
    text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)
    st.register_type_strategy(str, text.map(lambda drawn: one_line(sanitised(drawn))).filter(bool))
    st.register_type_strategy(int, st.integers(-(2**63) + 1, 2**63 - 1))
    st.register_type_strategy(dt.datetime, st.datetimes(timezones=st.just(dt.UTC)))
    st.register_type_strategy(Decimal, st.decimals(-(10**15), 10**15, places=2))


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.command_name())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_command_is_restored_from_json(command, data):
    original = data.draw(st.builds(command, **_of_any_value(command)))
    shown = serializer_for(command)(original).data
    secrets = {
        field.name: getattr(original, field.name) for field in fields(command) if field.metadata.get("secret")
    }

    restored = serializer_for(command)(data={**shown, **secrets})

    assert restored.is_valid(), restored.errors
    assert restored.command() == original


def _of_any_value(command: type[Any]) -> dict[str, Any]:
    """Strategies for the fields to whose types hypothesis knows no values."""
    documents = st.dictionaries(TEXT, JSON, max_size=3)
    strategies = {Any: JSON, dict[str, Any]: documents}
    hints = get_type_hints(command).items()
    known = {name: strategies[hint] for name, hint in hints if hint in (Any, dict[str, Any])}
    for name, hint in hints:
        for part in filter(is_dataclass, get_args(hint)):
            if dict[str, Any] in get_args(get_type_hints(part).get("document")):
                known[name] = st.lists(st.builds(part, document=documents), max_size=2).map(tuple)
    return known
