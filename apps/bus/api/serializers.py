"""Serializers derived from dataclasses: an endpoint accepts exactly the fields of its command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeGuard, Union, cast, get_args, get_origin, get_type_hints

from django.db import models
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from apps.bus import Command
from apps.kernel.plain import TextForm, from_plain, text_form

from .fields import (
    AnyJSON,
    Day,
    ExactDecimal,
    Instant,
    JSONObject,
    Measurement,
    OneOf,
    Text,
    TrueOrFalse,
    WholeNumber,
)

AnyField = serializers.Field[Any, Any, Any, Any]


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields by name, because a mistyped field must not be dropped silently."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        errors: dict[str, Any] = {
            name: [ErrorDetail("There is no such field.", code="unknown")] for name in sorted(unknown)
        }
        try:
            values = super().to_internal_value(data)
        except ValidationError as refused:
            raise ValidationError({**cast(dict[str, Any], refused.detail), **errors}) from None
        if errors:
            raise ValidationError(errors)
        return values


class CommandSerializer(StrictSerializer):
    """Made by `serializer_for`. `server_fields` lists the fields that come from the URL."""

    shape: ClassVar[type[Any]]
    server_fields: ClassVar[tuple[str, ...]] = ()

    def command(self, **server_fields: Any) -> Any:
        """The dataclass, after is_valid(), completed by `server_fields`."""
        return from_plain(self.shape, {**self.validated_data, **server_fields})


def serializer_for(shape: type[Any], server_fields: tuple[str, ...] = ()) -> type[CommandSerializer]:
    """The serializer of a command, or of a dataclass inside one.

    Its name in the OpenAPI document is the command's; a dataclass inside is named with its app: LedgerLine.
    Raises TypeError for a field of a type that has no form in JSON.
    """
    hashable: Any = shape  # mypy 2.3 takes no class for hashable
    return _derived(hashable, server_fields)


@cache
def _derived(shape: Any, server_fields: tuple[str, ...]) -> type[CommandSerializer]:
    hints = get_type_hints(shape)
    members: dict[str, Any] = {
        field.name: _field(shape, field, hints[field.name])
        for field in fields(shape)
        if field.name not in server_fields
    }
    members |= {
        "shape": shape,
        "server_fields": server_fields,
        "__doc__": shape.__doc__,
        "__module__": __name__,
    }
    made: type[CommandSerializer] = type(f"{shape.__name__}Serializer", (CommandSerializer,), members)
    extend_schema_serializer(component_name=component_name(shape))(made)
    return made


def component_name(shape: type[Any]) -> str:
    if issubclass(shape, Command):
        return shape.__name__
    return f"{shape.__module__.split('.')[1].capitalize()}{shape.__name__}"


def _field(shape: type[Any], declared: Field[Any], hint: Any) -> AnyField:
    options = _default(declared)
    if help_text := declared.metadata.get("help"):
        options["help_text"] = help_text
    if declared.metadata.get("secret"):
        options["write_only"] = True
    if declared.metadata.get("bulky"):
        options["max_length"] = None
    try:
        return _of_type(hint, options, text_form(declared))
    except KeyError:
        raise TypeError(f"{shape.__name__}.{declared.name}: {hint} has no form in JSON.") from None


def _default(declared: Field[Any]) -> dict[str, Any]:
    """The options of an optional field; the dataclass itself fills in defaults such as tuples."""
    if declared.default is MISSING and declared.default_factory is MISSING:
        return {}
    if isinstance(declared.default, str | int | Decimal | dt.date | NoneType):
        return {"default": declared.default}
    return {"required": False}


def _of_type(hint: Any, options: dict[str, Any], form: TextForm | None) -> AnyField:
    """Raises KeyError for a type that has no form in JSON."""
    if get_origin(hint) is not None:
        return _of_generic_type(get_origin(hint), get_args(hint), options, form)
    if hint is Any:
        return AnyJSON(**options)
    if _is_record(hint):
        return serializer_for(hint)(**options)
    if issubclass(hint, Enum):
        return OneOf(choices=[member.value for member in hint], **options)
    if hint is str:
        return Text(allow_blank=options.get("default", _REQUIRED) in ("", None), form=form, **options)
    return _PLAIN[hint](**options)


def _of_generic_type(
    origin: Any, arguments: tuple[Any, ...], options: dict[str, Any], form: TextForm | None
) -> AnyField:
    """Raises KeyError for a type that has no form in JSON."""
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return _of_type(inner, options | {"allow_null": True}, form)
    if origin is Literal:
        return OneOf(choices=list(arguments), **options)
    if origin in (tuple, list, Sequence):
        return _several(arguments[0], options, form)
    if origin in (dict, Mapping):
        return JSONObject(**options)
    raise KeyError(origin)


def _several(hint: Any, options: dict[str, Any], form: TextForm | None) -> AnyField:
    if _is_record(hint):
        return serializer_for(hint)(many=True, **options)
    return serializers.ListField(child=_of_type(hint, {}, form), **options)


def _is_record(hint: Any) -> TypeGuard[type[Any]]:
    return is_dataclass(hint)


_REQUIRED = object()
_PLAIN: dict[Any, type[AnyField]] = {
    int: WholeNumber,
    bool: TrueOrFalse,
    Decimal: ExactDecimal,
    dt.date: Day,
    dt.datetime: Instant,
}


_OF_COLUMNS: Mapping[type[models.Field[Any, Any]], type[AnyField]] = {
    models.IntegerField: WholeNumber,
    models.FloatField: Measurement,
    models.DateTimeField: Instant,  # before its base class
    models.DateField: Day,
}


class ReadSerializer(serializers.ModelSerializer[Any]):
    """A model's row as it is answered. Nothing is taken through it, so nothing of it is validated."""

    serializer_field_mapping = {
        column: next((field for kind, field in _OF_COLUMNS.items() if issubclass(column, kind)), stock)
        for column, stock in serializers.ModelSerializer.serializer_field_mapping.items()
    }

    def get_fields(self) -> dict[str, AnyField]:
        members = super().get_fields()
        for member in members.values():
            member.read_only, member.required = True, False
        return members

    def get_uniqueness_extra_kwargs(
        self, field_names: Iterable[str], declared_fields: Any, extra_kwargs: Any
    ) -> tuple[Any, Any]:
        return extra_kwargs, {}

    def get_validators(self) -> list[Any]:
        return []


class Reason(serializers.Serializer[Any]):
    """Why something is or would be refused: `code` is stable, `context` has the words of the sentence."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)
    context = serializers.DictField()  # type: ignore[assignment]  # a field of the problem, not the serializer's


class DryRunResult(serializers.Serializer[Any]):
    """What would come of it. Nothing was done."""

    would_be_done = serializers.BooleanField()
    refusals = Reason(many=True)
