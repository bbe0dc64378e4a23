"""Amounts, whole numbers, dates and instants have one notation; a text in another form is refused, never guessed."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentTypeError
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.errors import Refusal
from apps.kernel.notation import (
    PLAIN,
    AmountFormat,
    AmountHasSign,
    AmountMalformed,
    DayMalformed,
    InstantMalformed,
    WholeNumberMalformed,
    WholeNumberOutOfRange,
    amount_in_json,
    is_whole_number,
    parse_amount,
    parse_day,
    parse_instant,
    parse_whole_number,
    whole_number_in_json,
)
from apps.kernel.notation.arguments import day, instant, json_value, whole_number
from apps.kernel.notation.form_fields import (
    AmountField,
    DayField,
    ExactJSONField,
    InstantField,
    WholeNumberField,
)
from apps.kernel.notation.plain_values import malformed_values
from apps.kernel.strict_json import NotStrictJSON, loads

GERMAN, SWISS, ENGLISH = AmountFormat(",", "."), AmountFormat(".", "'"), AmountFormat(".", ",")
NO_NUMBERS = (
    *(
        "",
        " ",
        "12 ",
        " 12",
        "1 2",
        "12\n",
        "12\x00",
        "\u00a012",
        "\u200b12",
        "١٢",
        "１２",
        "1²",
        "Ⅻ",
        "1_2",
        "1e2",
        "1E2",
    ),
    *(
        "0x10",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "--1",
        "1-",
        "(1)",
        "$1",
        "1 EUR",
        "abc",
        "½",
        "1" * 20,
        "1" * 5_000,
    ),
)
"""No amount and no whole number in any format."""


@pytest.mark.parametrize(
    ("form", "text", "amount"),
    [
        (PLAIN, "0", "0"),
        (PLAIN, "12.50", "12.50"),
        (PLAIN, "0012.5", "12.5"),
        (PLAIN, "-3", "-3"),
        (PLAIN, "+3", "3"),
        (PLAIN, "9" * 19, "9" * 19),
        (PLAIN, "0.000000000001", "0.000000000001"),
        (GERMAN, "12,50", "12.50"),
        (GERMAN, "1.234,50", "1234.50"),
        (GERMAN, "1234,50", "1234.50"),
        (GERMAN, "1.234.567", "1234567"),
        (SWISS, "1'234.50", "1234.50"),
        (ENGLISH, "-1,234,567.5", "-1234567.5"),
        (AmountFormat(",", "\u202f"), "1\u202f234,5", "1234.5"),
    ],
)
def test_an_amount_is_read_in_the_format_of_the_parameter(form, text, amount):
    assert parse_amount(text, form) == Decimal(amount)
    assert parse_amount(text, form).as_tuple() == Decimal(amount).as_tuple()


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        (
            PLAIN,
            (
                "12,50",
                "1,000",
                "1,000.00",
                "1.000.00",
                "1'000",
                "1 000.00",
                ".5",
                "5.",
                "1.2.3",
                "0." + "1" * 13,
            ),
        ),
        (
            GERMAN,
            ("12.50", "1.23,5", "12.3456", "1.234.56", ".234", "1,234.50", "1234.567,5", "1..234", "12,"),
        ),
        (ENGLISH, ("12,50", "1,0000", ",100", "1,,000", "10,00.5", "1,000,", "1.000,00", "1234,567")),
    ],
)
def test_an_amount_in_another_format_is_refused(form, texts):
    for text in (*texts, *NO_NUMBERS):
        with pytest.raises(AmountMalformed) as caught:
            parse_amount(text, form)
        assert form.example in str(caught.value), text


def test_a_sign_is_refused_in_an_unsigned_amount():
    for text in ("-1", "+1", "-0"):
        with pytest.raises(AmountHasSign):
            parse_amount(text, signed=False)


@pytest.mark.parametrize(
    "marks", [(".", "."), ("", ","), (",,", ""), (".", "00"), ("5", ""), (".", "-"), ("+", "")]
)
def test_an_ambiguous_format_is_refused(marks):
    with pytest.raises(ValueError, match="amount"):
        AmountFormat(*marks)


@given(st.decimals(-(10**15), 10**15, places=3), st.sampled_from([GERMAN, SWISS, ENGLISH]))
def test_a_grouped_amount_is_read_back(amount, form):
    marks = str.maketrans({",": form.group_mark, ".": form.decimal_mark})

    assert parse_amount(f"{amount:,f}".translate(marks), form) == amount
    assert parse_amount(f"{amount:f}") == amount


def test_a_whole_number_is_digits_within_its_limits():
    assert [parse_whole_number(text) for text in ("0", "7", "007", str(2**63 - 1))] == [0, 7, 7, 2**63 - 1]
    assert parse_whole_number("-1", lowest=-1) == -1

    for text in (*NO_NUMBERS, "1.0", "1,0", "1,000", "+1", "-1"):
        with pytest.raises(WholeNumberMalformed):
            parse_whole_number(text)
        assert not is_whole_number(text), text
    for text, limits in (("0", {"lowest": 1}), ("201", {"highest": 200}), ("000000001999", {"highest": 200})):
        with pytest.raises(WholeNumberOutOfRange):
            parse_whole_number(text, **limits)
    assert not is_whole_number(str(2**63))


NO_DAYS = (
    *(
        "",
        "20260131",
        "2026-1-31",
        "31.01.2026",
        "01/31/2026",
        "2026/01/31",
        "2026-02-30",
        "2026-13-01",
        "2026-W05-6",
    ),
    *(
        "2026-031",
        "26-01-31",
        "0000-01-01",
        "12026-01-31",
        "٢٠٢٦-٠١-٣١",
        "２０２６-01-31",
        "2026-01-31 ",
        "86400",
        "today",
    ),
    *("Jan 31 2026", "2026-01-31\x00", "2026‐01‐31", "-2026-01-31"),
)
NO_INSTANTS = (
    *(text for text in NO_DAYS if text != "2026-01-31T00:00:00Z"),
    "2026-01-31T25:00",
    "1769860800",
)


def test_a_date_has_one_form():
    assert parse_day("2026-01-31") == dt.date(2026, 1, 31)

    for text in (*NO_DAYS, "2026-01-31T00:00:00", "2026-01-31T00:00:00Z"):
        with pytest.raises(DayMalformed, match="YYYY-MM-DD"):
            parse_day(text)


def test_an_instant_is_converted_to_utc():
    half_past_noon = dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC)

    for text in (
        "2026-01-31T12:30Z",
        "2026-01-31 13:30:00+01:00",
        "2026-01-31T12:30:00.000000",
        "2026-01-31T12:30",
    ):
        assert parse_instant(text) == half_past_noon
    assert parse_instant(
        "2026-01-31T12:30", dt.timezone(dt.timedelta(hours=2))
    ) == half_past_noon - dt.timedelta(hours=2)
    assert parse_instant("2026-01-31").hour == 0
    for text in (
        *NO_INSTANTS,
        "0001-01-01T00:00:00+10:00",
        "2026-01-31T12:30:00+0100",
        "2026-01-31T12:30 01:00",
    ):
        with pytest.raises(InstantMalformed):
            parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "-1e400",
        "0.10000000000000000555",
        "9007199254740993.0",
        "NaN",
        "-Infinity",
        "1e999999999999999999999",
    ],
)
def test_a_json_number_beyond_a_float_is_refused(text):
    with pytest.raises(NotStrictJSON):
        loads(f'{{"value": [{text}]}}')


def test_an_exact_json_number_is_read():
    assert loads('{"a": [12.50, 1e2, 0.1, 9007199254740993, -0.0]}') == {
        "a": [12.5, 100.0, 0.1, 9007199254740993, 0.0]
    }
    for text in ("", "{", "[1,]", "1" * 5_000, "[" * 200_000):
        with pytest.raises(NotStrictJSON):
            loads(text)


def test_a_number_from_another_system_is_exact():
    assert [amount_in_json(value) for value in ("12.50", 12, 12.5)] == [
        Decimal("12.50"),
        Decimal(12),
        Decimal("12.5"),
    ]
    assert [whole_number_in_json(value) for value in ("7", 7)] == [7, 7]

    for value in (True, None, [], {}, "12,50", "1e2", 1e300, float("nan")):
        with pytest.raises(AmountMalformed):
            amount_in_json(value)
    for value in (True, None, [], 7.0, "7.0", "٧", -1, 2**63):
        with pytest.raises((WholeNumberMalformed, WholeNumberOutOfRange)):
            whole_number_in_json(value)


class Entered(forms.Form):
    amount = AmountField(label="Debit")
    balance = AmountField(min_value=None, form=GERMAN, required=False)
    count = WholeNumberField(min_value=1, max_value=9)
    day = DayField()
    instant = InstantField()
    document = ExactJSONField()


VALID = {
    "amount": " 12.50 ",
    "count": "3",
    "day": "2026-01-31",
    "instant": "2026-01-31 12:30",
    "document": '{"a": 1.5}',
}


def test_a_form_reads_entered_texts():
    form = Entered(VALID | {"balance": "-1.234,50"})

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "amount": Decimal("12.50"),
        "balance": Decimal("-1234.50"),
        "count": 3,
        "day": dt.date(2026, 1, 31),
        "instant": dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.UTC),
        "document": {"a": 1.5},
    }


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("amount", ("12,50", "-5", "+5", "1e2", "0.12345", "٥", "9" * 17)),
        ("balance", ("12.50", "1e2", "--1")),
        ("count", ("0", "10", "-1", "1.0", "+1", "٣")),
        ("day", ("31.01.2026", "01/02/2026", "Jan 31 2026")),
        ("instant", ("31.01.2026 12:30", "noon")),
        ("document", ("NaN", "1e400", "{")),
    ],
)
def test_a_form_refuses_another_notation(name, texts):
    for text in texts:
        form = Entered(VALID | {name: text})
        assert list(form.errors) == [name], text


def test_a_refusal_of_a_form_names_the_field_with_the_expected_form():
    (sentence,) = Entered(VALID | {"amount": "12,50"}).errors["amount"]

    assert sentence == (
        "Debit: '12,50' is not an amount: write digits, “.” for decimals and no grouping, such as 1234.50."
    )


def test_an_argument_of_a_command_has_the_same_notation():
    assert (whole_number()("7"), day("2026-01-31"), json_value("[1]")) == (7, dt.date(2026, 1, 31), [1])
    assert instant("2026-01-31T12:30Z").hour == 12

    for parse, text in (
        (whole_number(), "٧"),
        (whole_number(), "1_000"),
        (whole_number(lowest=1), "0"),
        (day, "20260131"),
        (instant, "yesterday"),
        (json_value, "NaN"),
    ):
        with pytest.raises(ArgumentTypeError, match=r"is not|not JSON"):
            parse(text)


@dataclass(frozen=True)
class Part:
    price: Decimal


@dataclass(frozen=True)
class Whole:
    number: int
    on: dt.date
    at: dt.datetime | None
    parts: tuple[Part, ...]
    name: str = ""


def test_entered_values_of_a_dataclass_have_the_notation_of_the_api():
    valid = {"number": 1, "on": "2026-01-31", "at": None, "parts": [{"price": "2.50"}], "name": "any"}
    wrong = {"number": "1", "on": 86400, "at": 0, "parts": [{"price": "1"}, {"price": 2.5}, {"price": "1e2"}]}

    assert [*malformed_values(Whole, valid)] == []
    malformed = dict(malformed_values(Whole, wrong))
    assert [*malformed] == ["number", "on", "at", "parts.1.price", "parts.2.price"]
    assert all(isinstance(refusal, Refusal) for refusal in malformed.values())
    for number in (True, 1.0, 2**63, None):
        assert [*dict(malformed_values(Whole, {"number": number}))] == ["number"]
