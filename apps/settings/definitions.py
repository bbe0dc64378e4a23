"""The registry of settings, which are declared in code by the app that reads them. No database access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext
from pydantic import TypeAdapter, ValidationError

from .errors import SettingInvalid, SettingNotFound, SettingOutOfRange

T = TypeVar("T")


@dataclass(frozen=True)
class SettingDefinition(Generic[T]):
    """A setting: key (`app.name`), type, default and description.

    by_support        allows changes by the platform's support while it acts as a user
    check             raises ValueError, with the reason, for a value that the type alone allows
    minimum, maximum  the range of a number, both included
    rule              raises a refusal for a value that the stored data does not allow
    """

    key: str
    type: type[T]
    default: T
    description: str | Promise
    by_support: bool = True
    check: Callable[[T], None] | None = None
    minimum: int | None = None
    maximum: int | None = None
    rule: Callable[[SettingDefinition[Any], Any], None] | None = field(default=None, compare=False)

    def validated(self, value: Any) -> T:
        """The value as the declared type, in the declared range. Raises SettingInvalid or SettingOutOfRange."""
        try:
            validated = self._shape.validate_python(value, strict=True)
            if self.check:
                self.check(validated)
        except ValidationError as error:
            raise SettingInvalid(key=self.key, why=error.errors()[0]["msg"]) from None
        except ValueError as error:
            raise SettingInvalid(key=self.key, why=str(error)) from None
        if self.minimum is not None and self.maximum is not None:
            self._must_be_in_range(value, self.minimum, self.maximum)
        return validated

    def _must_be_in_range(self, value: Any, minimum: int, maximum: int) -> None:
        if not minimum <= value <= maximum:
            raise SettingOutOfRange(key=self.key, minimum=minimum, maximum=maximum)

    @property
    def range(self) -> str:
        """The range as text, such as "1 to 500"; empty without one."""
        if self.minimum is None:
            return ""
        return gettext("{minimum} to {maximum}").format(minimum=self.minimum, maximum=self.maximum)

    @cached_property
    def _shape(self) -> TypeAdapter[T]:
        return TypeAdapter(self.type)


_declared: dict[str, SettingDefinition[Any]] = {}


def declare(
    *,
    key: str,
    type: type[T],
    default: T,
    description: str | Promise,
    by_support: bool = True,
    check: Callable[[T], None] | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    rule: Callable[[SettingDefinition[Any], Any], None] | None = None,
) -> SettingDefinition[T]:
    """Declares a setting, in its app's setting_definitions.py. A whole number has a range."""
    if key in _declared:
        raise TypeError(f"The setting {key} is declared twice.")
    if type is int and (minimum is None or maximum is None):
        raise TypeError(f"The setting {key} is a whole number without a minimum and a maximum.")
    definition = SettingDefinition(key, type, default, description, by_support, check, minimum, maximum, rule)
    definition.validated(default)
    _declared[key] = definition
    return _declared[key]


def declared(key: str) -> SettingDefinition[Any]:
    """Raises SettingNotFound."""
    try:
        return _declared[key]
    except KeyError:
        raise SettingNotFound(key=key) from None


def all_definitions() -> list[SettingDefinition[Any]]:
    return sorted(_declared.values(), key=lambda definition: definition.key)
