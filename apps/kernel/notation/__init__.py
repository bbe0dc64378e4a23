"""How people and programs write amounts, whole numbers, dates and instants: one form for each, at every entry point.

Digits are the ASCII digits 0 to 9. Nothing is guessed: a text in another form is refused, with the expected form in the
sentence. The form of amounts is a parameter, `AmountFormat`; `PLAIN` is a point for decimals and no grouping.

Forms of the consoles and filters of lists have the fields of `form_fields.py`, serializers those of
`apps.bus.api.fields`, and management commands the types of `arguments.py`.
"""

from .amounts import PLAIN, AmountFormat, AmountHasSign, AmountMalformed, parse_amount
from .days import DayMalformed, InstantMalformed, parse_day, parse_instant
from .json_numbers import amount_in_json, whole_number_in_json
from .whole_numbers import (
    LARGEST_ID,
    WholeNumberMalformed,
    WholeNumberOutOfRange,
    is_whole_number,
    parse_whole_number,
)

__all__ = [
    "LARGEST_ID",
    "PLAIN",
    "AmountFormat",
    "AmountHasSign",
    "AmountMalformed",
    "DayMalformed",
    "InstantMalformed",
    "WholeNumberMalformed",
    "WholeNumberOutOfRange",
    "amount_in_json",
    "is_whole_number",
    "parse_amount",
    "parse_day",
    "parse_instant",
    "parse_whole_number",
    "whole_number_in_json",
]
