import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.money import (
    CURRENCIES,
    LARGEST,
    AmountMalformed,
    AmountTooLarge,
    AmountTooPrecise,
    CurrenciesDiffer,
    CurrencyUnknown,
    Money,
    currency,
)

FACTS = Path(__file__).parents[3] / "shared/suites/calendars/iso4217_minor_units.csv"


def test_minor_units_are_those_of_iso_4217_where_cldr_differs():
    digits = {code: currency(code).digits for code in ("IQD", "JPY", "KWD", "USD", "MGA", "SOS")}

    assert digits == {"IQD": 3, "JPY": 0, "KWD": 3, "USD": 2, "MGA": 2, "SOS": 2}


def test_gold_and_codes_that_were_never_a_currency_are_no_money():
    for code in ("XAU", "ZZZ", "usd", ""):
        with pytest.raises(CurrencyUnknown):
            currency(code)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1E+30", "1e2", "1,000.00", "0x10", "", " ", "1.2.3", "١٢"]
)
def test_an_amount_with_other_characters_than_digits_is_refused(text):
    with pytest.raises(AmountMalformed):
        Money.of(text, "USD")


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), True, 1.5])
def test_an_inexact_amount_is_refused(amount):
    with pytest.raises(AmountMalformed):
        Money.of(amount, "USD")


@pytest.mark.parametrize(("amount", "code"), [("10.005", "USD"), ("10.5", "JPY"), ("1.2345", "KWD")])
def test_excess_decimals_are_refused_instead_of_rounded(amount, code):
    with pytest.raises(AmountTooPrecise):
        Money.of(amount, code)


def test_an_amount_beyond_the_largest_is_refused():
    assert Money.of(Decimal(LARGEST).scaleb(-2), "USD").minor == LARGEST
    with pytest.raises(AmountTooLarge):
        Money.of(Decimal(LARGEST + 1).scaleb(-2), "USD")


def test_currencies_are_not_mixed():
    with pytest.raises(CurrenciesDiffer):
        Money.of("1", "USD") + Money.of("1", "EUR")


def test_an_amount_is_formatted_with_separators():
    assert str(Money.of("-1234567.5", "USD")) == "-1,234,567.50 USD"
    assert str(Money.of("1234", "JPY")) == "1,234 JPY"


@given(
    st.integers(-LARGEST, LARGEST),
    st.integers(-LARGEST, LARGEST),
    st.sampled_from(sorted(CURRENCIES)),
)
def test_sums_are_exact(left, right, code):
    unit = currency(code)
    one, other = Money(left, unit), Money(right, unit)

    assert Money.of(one.amount, code) == one
    assert (one + other).amount == one.amount + other.amount
    assert one - one == Money(0, unit)


def test_a_tenth_and_two_tenths_are_three_tenths():
    assert Money.of("0.1", "USD") + Money.of("0.2", "USD") == Money.of("0.3", "USD")


@pytest.mark.skipif(not FACTS.exists(), reason="the peers' data is not beside this checkout")
def test_currencies_agree_with_the_published_list():
    with FACTS.open() as lines:
        published = {row["code"]: row["iso_minor_units"] for row in csv.DictReader(lines)}

    assert len(published) > 150
    assert {code: str(currency(code).digits) for code in published if code in CURRENCIES} == {
        code: digits for code, digits in published.items() if code in CURRENCIES
    }
    assert set(CURRENCIES) - set(published) == set()
