"""Active and withdrawn currencies, in the code and in the database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from apps.kernel.currencies import (
    ALL,
    CURRENCIES,
    WITHDRAWN,
    CurrencyUnknown,
    CurrencyWithdrawn,
    currency,
    currency_must_be_valid_on,
)
from apps.kernel.db.currency_guard import CODES
from apps.kernel.money import Money

WITH_A_CURRENCY = (
    "INSERT INTO companies_company (code, name, country, currency) VALUES ('X', 'X', '', '{}')",
    "INSERT INTO payments_payment (reference, amount_minor, currency, provider, token, state, refunded_minor,"
    " provider_payment_id, why, requested_at) VALUES ('x', 1, '{}', 'manual', '', 'requested', 0, '', '', now())",
    "INSERT INTO payments_sandboxoperation (key, amount_minor, currency, declined, done_at)"
    " VALUES ('x', 1, '{}', '', now())",
)


@pytest.mark.parametrize(
    ("code", "text"), [("HRK", "12.34 HRK"), ("DEM", "12.34 DEM"), ("ITL", "1,234 ITL"), ("BGN", "12.34 BGN")]
)
def test_an_amount_in_a_withdrawn_currency_is_read_with_its_decimals(code, text):
    assert str(Money(1234, currency(code))) == text


@pytest.mark.parametrize(
    ("code", "last", "first_refused"),
    [
        ("HRK", "2022-12-31", "2023-01-01"),
        ("DEM", "2002-02-28", "2002-03-01"),
        ("BGN", "2025-12-31", "2026-01-01"),
        ("LTL", "2014-12-31", "2015-01-01"),
    ],
)
def test_a_withdrawn_currency_is_valid_until_its_last_day(code, last, first_refused):
    assert currency_must_be_valid_on(code, dt.date.fromisoformat(last)).code == code
    with pytest.raises(CurrencyWithdrawn):
        currency_must_be_valid_on(code, dt.date.fromisoformat(first_refused))


def test_an_active_currency_is_valid_on_every_day_and_an_unknown_code_on_none():
    assert currency_must_be_valid_on("USD", dt.date(2999, 1, 1)) == CURRENCIES["USD"]
    with pytest.raises(CurrencyUnknown):
        currency_must_be_valid_on("QQQ", dt.date(1990, 1, 1))


def test_the_database_knows_the_same_codes():
    """A code that leaves the package needs a row in withdrawn_currencies.csv; a new one needs a migration."""
    assert set(CODES.split()) == set(ALL)
    assert not set(CURRENCIES) & set(WITHDRAWN)


def test_the_database_function_accepts_exactly_the_listed_codes(at_acme):
    odd = ["QQQ", "usd", "US", "USDX", "D A", " EU", "", "XAU", "EDA"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM unnest(%s::text[]) AS code WHERE currency_existed(code)", [[*sorted(ALL), *odd]]
        )
        assert [code for (code,) in cursor.fetchall()] == sorted(ALL)


@pytest.mark.parametrize("statement", WITH_A_CURRENCY)
def test_raw_sql_with_a_code_that_was_never_a_currency_is_refused(at_acme, statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("HRK"))
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            cursor.execute(statement.format("QQQ").replace("'x'", "'y'").replace("'X'", "'Y'"))
        transaction.set_rollback(True)

    assert caught.value.__cause__.diag.constraint_name == "currency_existed"


def test_every_column_of_a_currency_has_the_constraint(at_acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND column_name = 'currency' EXCEPT SELECT relname FROM pg_constraint"
            " JOIN pg_class ON pg_class.oid = conrelid WHERE conname = 'currency_existed'"
            " AND pg_class.relnamespace = current_schema()::regnamespace"
        )
        assert cursor.fetchall() == []
