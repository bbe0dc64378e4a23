"""Commands and events as plain JSON values, and back."""

import hashlib
from dataclasses import Field, fields
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from .text import one_line, several_lines, storable

T = TypeVar("T")
REASON = "reason"
"""Name of the field with the reason of a command."""
SECRET = "•••"  # noqa: S105 - a placeholder
secret: dict[str, bool] = {"secret": True}
"""`password: str = field(metadata=secret, repr=False)`: never stored."""
bulky: dict[str, bool] = {"bulky": True}
"""`journal: str = field(metadata=bulky)`: too long to be stored; its length and SHA-256 are stored instead."""
multiline: dict[str, bool] = {"multiline": True}
"""`address: str = field(metadata=multiline)`: a text that retains its line breaks, as every `reason` does."""
verbatim: dict[str, bool] = {"verbatim": True}
"""`path: str = field(metadata=verbatim)`: a text of a machine, which has no normal form."""


class TextForm(Protocol):
    """Returns the normal form of a text, or raises CharacterNotAllowed with the name of the field."""

    def __call__(self, text: str, *, field: str = ...) -> str: ...


def text_form(declared: Field[Any]) -> TextForm | None:
    """The normal form of the texts in a field of a dataclass; None for a file, which its reader splits into texts."""
    metadata = declared.metadata
    if metadata.get("bulky"):
        return None
    if metadata.get("verbatim") or metadata.get("secret"):
        return storable
    return several_lines if metadata.get("multiline") or declared.name == REASON else one_line


printed: dict[str, bool] = {"printed": True}
"""`name: str = field(metadata=printed)`: appears on documents, so the bus refuses characters that they cannot print."""


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
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{len(text)} characters, sha256 {digest}" if text else ""


def _adapter(shape: Any) -> TypeAdapter[Any]:
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    return _adapters[shape]


_adapters: dict[Any, TypeAdapter[Any]] = {}
