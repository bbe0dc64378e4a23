"""JSON values taken at their word: "12" is not a number, 1 is not true, and money is a decimal string."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from enum import Enum
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from apps.kernel.errors import Refusal
from apps.kernel.notation import LARGEST_ID, parse_amount, parse_day, parse_instant
from apps.kernel.notation.amounts import DECIMAL_PATTERN
from apps.kernel.plain import TextForm
from apps.kernel.text import CharacterNotAllowed, one_line

MAX_TEXT_LENGTH = 2_000


class Text(serializers.CharField):
    """A string in its normal form. An empty one is missing. `form` makes the normal form; None leaves a secret or a
    file as it is."""

    def __init__(self, *, form: TextForm | None = one_line, **options: Any) -> None:
        self.form = form
        super().__init__(**{"trim_whitespace": False, "max_length": MAX_TEXT_LENGTH} | options)

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, str) and self.form:
            try:
                data = self.form(data)
            except CharacterNotAllowed as refusal:
                raise ValidationError(str(refusal), code="character_not_allowed") from None
        if data == "" and not self.allow_blank:
            self.fail("required")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class WholeNumber(serializers.IntegerField):
    """An integer that PostgreSQL's BIGINT holds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": -LARGEST_ID, "max_value": LARGEST_ID} | options)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class TrueOrFalse(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": DECIMAL_PATTERN, "examples": ["1234.50"]}
)
class ExactDecimal(serializers.Field[Decimal, str, str, Any]):
    """A decimal number as a string, both ways, because a JSON number would pass through a float."""

    default_error_messages = {"invalid": 'Write the number as a string of digits, such as "1234.50".'}

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            return parse_amount(data) if isinstance(data, str) else self.fail("invalid")
        except Refusal:
            self.fail("invalid")

    def to_representation(self, value: Decimal) -> str:
        return f"{value:f}"


class Day(serializers.DateField):
    """A date: YYYY-MM-DD."""

    default_error_messages = {"invalid": "Write the date as YYYY-MM-DD, such as 2026-01-31."}

    def to_internal_value(self, value: Any) -> dt.date:
        try:
            return parse_day(value) if isinstance(value, str) else self.fail("invalid")
        except Refusal:
            self.fail("invalid")


class Instant(serializers.DateTimeField):
    """An instant with an offset; without one in UTC."""

    default_error_messages = {"invalid": "Write the time as in 2026-01-31T12:30:00Z."}

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            return parse_instant(value) if isinstance(value, str) else self.fail("invalid")
        except Refusal:
            self.fail("invalid")


class Measurement(serializers.FloatField):
    """A measured duration or rate, in responses only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"read_only": True})


class OneOf(serializers.ChoiceField):
    """One of an Enum's or a Literal's values."""

    def to_representation(self, value: Any) -> Any:
        return value.value if isinstance(value, Enum) else value


class AnyJSON(serializers.JSONField):
    """Any JSON value that PostgreSQL stores: without NUL and single surrogates."""

    default_error_messages = {"unstorable": "A text in it has NUL or a single surrogate."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_null": True} | options)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not _is_storable(value):
            self.fail("unstorable")
        return value


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JSONObject(AnyJSON):
    default_error_messages = {"not_an_object": "Write a JSON object."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_null": False} | options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        document: dict[str, Any] = super().to_internal_value(data)
        return document


def _is_storable(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text.replace("\\\\", "")
