"""The registry of settings, which are declared in code by the app that reads them. No database access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.utils.functional import Promise
from pydantic import TypeAdapter, ValidationError

from .errors import SettingInvalid, SettingNotFound

T = TypeVar("T")


@dataclass(frozen=True)
class SettingDefinition(Generic[T]):
    """A setting: key (`app.name`), type, default and description. `by_support` allows changes by the platform's support
    while it acts as a user. `check` raises ValueError, with the reason, for a value that the type alone allows."""

    key: str
    type: type[T]
    default: T
    description: str | Promise
    by_support: bool = True
    check: Callable[[T], None] | None = None

    def validated(self, value: Any) -> T:
        """The value as the declared type. Raises SettingInvalid."""
        try:
            validated = self._shape.validate_python(value, strict=True)
            if self.check:
                self.check(validated)
        except ValidationError as error:
            raise SettingInvalid(key=self.key, why=error.errors()[0]["msg"]) from None
        except ValueError as error:
            raise SettingInvalid(key=self.key, why=str(error)) from None
        return validated

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
) -> SettingDefinition[T]:
    """Declares a setting, in its app's setting_definitions.py."""
    if key in _declared:
        raise TypeError(f"The setting {key} is declared twice.")
    _declared[key] = SettingDefinition(key, type, default, description, by_support, check)
    return _declared[key]


def declared(key: str) -> SettingDefinition[Any]:
    """Raises SettingNotFound."""
    try:
        return _declared[key]
    except KeyError:
        raise SettingNotFound(key=key) from None


def all_definitions() -> list[SettingDefinition[Any]]:
    return sorted(_declared.values(), key=lambda definition: definition.key)
