"""The form for the arguments of a command, derived from its fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from decimal import Decimal
from functools import partial
from typing import Any, get_origin, get_type_hints

from django import forms

from apps.bus import Command
from apps.kernel.notation.form_fields import AmountField, DayField, ExactJSONField, WholeNumberField

PREFIX = "argument_"
"""Of the names of the form fields: a command may have a field `reason` as well."""
_FIELDS: Mapping[Any, Callable[..., forms.Field]] = {
    int: partial(WholeNumberField, min_value=None),
    bool: forms.BooleanField,
    Decimal: partial(AmountField, min_value=None, decimal_places=None),
    dt.date: DayField,
    str: forms.CharField,
}
_LONG = ("text", "reason")


class SeveralLines(forms.CharField):
    """One value per line."""

    widget = forms.Textarea

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


def argument_fields(shape: type[Command]) -> dict[str, forms.Field]:
    """A form field for each field of the command; values of other types are entered as JSON."""
    hints = get_type_hints(shape)
    return {f"{PREFIX}{field.name}": _form_field(field, hints[field.name]) for field in fields(shape)}


def arguments_of(shape: type[Command], cleaned_data: Mapping[str, Any]) -> dict[str, Any]:
    """The entered arguments as JSON values. Without a value the command's default applies."""
    entered = {field.name: cleaned_data[f"{PREFIX}{field.name}"] for field in fields(shape)}
    return {name: _plain(value) for name, value in entered.items() if value not in (None, "")}


def _form_field(field: Field[Any], hint: Any) -> forms.Field:
    required = field.default is MISSING and field.default_factory is MISSING and hint is not bool
    initial = field.default if isinstance(field.default, str | int) else None
    options: dict[str, Any] = {"required": required, "label": field.name.replace("_", " ").capitalize()}
    if get_origin(hint) in (tuple, list):
        initial = "\n".join(field.default) if isinstance(field.default, tuple) else initial
        return SeveralLines(initial=initial, **options)
    if hint is str and field.name in _LONG:
        options["widget"] = forms.Textarea
    return _FIELDS.get(hint, ExactJSONField)(initial=initial, **options)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal | dt.date) else value
