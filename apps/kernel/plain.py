"""Commands and events as plain JSON values, and back."""

import hashlib
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
SECRET = "•••"  # noqa: S105 - a placeholder
secret: dict[str, bool] = {"secret": True}
"""`password: str = field(metadata=secret, repr=False)`: never stored."""
bulky: dict[str, bool] = {"bulky": True}
"""`journal: str = field(metadata=bulky)`: too long to be stored; its length and SHA-256 are stored instead."""


def to_plain(instance: Any) -> dict[str, Any]:
    """A frozen dataclass as JSON values: dates in ISO 8601, decimals as strings, secrets redacted, and bulky texts
    replaced by their length and SHA-256."""
    values = to_whole(instance)
    for field in fields(instance):
        if field.metadata.get("secret"):
            values[field.name] = SECRET
        elif field.metadata.get("bulky"):
            values[field.name] = _summary(values[field.name])
    return values


def to_whole(instance: Any) -> dict[str, Any]:
    """A frozen dataclass as JSON values, with secrets and bulky texts."""
    values: dict[str, Any] = _adapter(type(instance)).dump_python(instance, mode="json")
    return values


def from_plain(shape: type[T], values: dict[str, Any]) -> T:
    """Raises pydantic.ValidationError when the values do not fit the shape."""
    result: T = _adapter(shape).validate_python(values)
    return result


def _summary(text: str) -> str:
    return f"{len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()}" if text else ""


def _adapter(shape: Any) -> TypeAdapter[Any]:
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    return _adapters[shape]


_adapters: dict[Any, TypeAdapter[Any]] = {}
