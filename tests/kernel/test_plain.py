import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from pydantic import ValidationError

from apps.kernel.plain import from_plain, secret, to_plain


@dataclass(frozen=True, kw_only=True)
class Leg:
    account: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Order:
    day: dt.date
    legs: tuple[Leg, ...]
    password: str = field(default="", metadata=secret, repr=False)


ORDER = Order(day=dt.date(2026, 1, 9), legs=(Leg(account="4000", amount=Decimal("0.10")),))


def test_a_dataclass_is_restored_from_plain_data():
    plain = to_plain(ORDER)

    assert plain["day"] == "2026-01-09"
    assert plain["legs"] == [{"account": "4000", "amount": "0.10"}]
    assert from_plain(Order, {**plain, "password": ""}) == ORDER


def test_secrets_are_masked():
    plain = to_plain(Order(day=ORDER.day, legs=(), password="hunter2"))

    assert "hunter2" not in str(plain)


def test_values_of_the_wrong_type_are_refused():
    with pytest.raises(ValidationError):
        from_plain(Order, {"day": "yesterday", "legs": []})
