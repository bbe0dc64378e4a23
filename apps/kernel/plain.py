"""Commands and events as plain JSON values, and back."""

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
SECRET = "•••"  # noqa: S105 - what is written in its place
secret: dict[str, bool] = {"secret": True}
"""`password: str = field(metadata=secret, repr=False)`: never written down."""


def to_plain(instance: Any) -> dict[str, Any]:
    """A frozen dataclass as JSON values: dates in ISO 8601, decimals as strings, secrets blotted out."""
    values: dict[str, Any] = _adapter(type(instance)).dump_python(instance, mode="json")
    hidden = {each.name for each in fields(instance) if each.metadata.get("secret")}
    return {key: SECRET if key in hidden else value for key, value in values.items()}


def from_plain(shape: type[T], values: dict[str, Any]) -> T:
    """Raises pydantic.ValidationError when the values do not fit the shape."""
    result: T = _adapter(shape).validate_python(values)
    return result


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
