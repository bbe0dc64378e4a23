"""Fields of the consoles' forms and of the filters of lists. Spaces around an entered text are ignored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_current_timezone

from apps.kernel import strict_json
from apps.kernel.errors import Refusal

from .amounts import PLAIN, AmountFormat, parse_amount
from .days import parse_day, parse_instant
from .whole_numbers import LARGEST_ID, parse_whole_number

T = TypeVar("T")
SPACES = " \t"
MAX_AMOUNT_DIGITS, MAX_AMOUNT_DECIMALS = 19, 4


class AmountField(forms.DecimalField):
    """An amount or price, with a sign only if `min_value` is below zero or None."""

    def __init__(self, *, form: AmountFormat = PLAIN, **options: Any) -> None:
        limits = {"min_value": 0, "max_digits": MAX_AMOUNT_DIGITS, "decimal_places": MAX_AMOUNT_DECIMALS}
        super().__init__(**limits | options)
        self.form = form

    def to_python(self, value: Any) -> Any:
        """A Decimal, or None without a text."""
        if value is None or isinstance(value, Decimal):
            return value
        return _parsed(self, value, lambda text: parse_amount(text, self.form, signed=_is_signed(self)))


class WholeNumberField(forms.IntegerField):
    """An id, count or year, with a minus only if `min_value` is below zero or None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_ID} | options)

    def to_python(self, value: Any) -> int | None:
        if value is None or isinstance(value, int):
            return value
        lowest = (
            -LARGEST_ID if _is_signed(self) else 0
        )  # the limits of the field have validators of their own
        return _parsed(self, value, lambda text: parse_whole_number(text, lowest=lowest))


class DayField(forms.DateField):
    """A date: YYYY-MM-DD."""

    def to_python(self, value: Any) -> dt.date | None:
        if isinstance(value, dt.date):
            return value.date() if isinstance(value, dt.datetime) else value
        return _parsed(self, value, parse_day)


class InstantField(forms.DateTimeField):
    """An instant: a date with a time, and the offset if it is not a time of the current time zone."""

    def to_python(self, value: Any) -> dt.datetime | None:
        if isinstance(value, dt.datetime):
            return value
        return _parsed(self, value, lambda text: parse_instant(text, get_current_timezone()))


class ExactJSONField(forms.JSONField):
    """A JSON value whose numbers lost no digits."""

    def to_python(self, value: Any) -> Any:
        if self.disabled or value in self.empty_values or not isinstance(value, str):
            return super().to_python(value)
        try:
            return strict_json.loads(value)
        except strict_json.NotStrictJSON as error:
            raise ValidationError(str(error), code="invalid") from None


def _is_signed(field: forms.IntegerField) -> bool:
    lowest = field.min_value() if callable(field.min_value) else field.min_value
    return lowest is None or lowest < 0


def _parsed(field: forms.Field, value: Any, parse: Callable[[str], T]) -> T | None:
    """The value of an entered text; None for an empty one. Raises ValidationError with the field's label."""
    text = str(value).strip(SPACES) if value is not None else ""
    if not text:
        return None
    try:
        return parse(text)
    except Refusal as refusal:
        sentence = f"{field.label}: {refusal}" if field.label else str(refusal)
        raise ValidationError(sentence, code="invalid") from None
