"""Bus middleware: the texts of a command get their normal form (`apps.kernel.text`) before anything reads them.

A field is one line unless its metadata says `multiline` or it is a reason. `verbatim` and `secret` texts have no normal
form; only what no encoder takes is refused there. `bulky` ones are files, which their commands read. Texts inside JSON
values retain their line breaks, since only the reader of the value knows more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from apps.kernel.errors import Refusal, raise_all
from apps.kernel.plain import TextForm, text_form
from apps.kernel.text import CharacterNotAllowed, one_line, sanitised, several_lines

from .envelope import Envelope, Next

T = TypeVar("T")


def normal_texts(envelope: Envelope, next: Next) -> Any:
    """Replaces the command by one with normal texts. A text with a character that is not allowed is sanitised for the
    audit log, and refused by `refuse_texts`."""
    texts = Texts()
    envelope.command = texts.normal(envelope.command)
    envelope.refused_texts = texts.refusals
    return next(envelope)


def refuse_texts(envelope: Envelope, next: Next) -> Any:
    """Raises CharacterNotAllowed, after the permission."""
    raise_all(envelope.refused_texts)
    return next(envelope)


def with_normal_texts(instance: T) -> T:
    """The dataclass with normal texts. Raises CharacterNotAllowed."""
    texts = Texts()
    normal = texts.normal(instance)
    raise_all(texts.refusals)
    return normal


@dataclass
class Texts:
    """Collects the refusals of one command."""

    refusals: list[Refusal] = field(default_factory=list)

    def normal(self, instance: T) -> T:
        """The same object if nothing changes."""
        record: Any = instance
        shape: Any = type(record)  # mypy 2.3 takes no class for hashable
        changes: dict[str, Any] = {}
        for name, form in _forms(shape):
            value = getattr(record, name)
            changed = self._value(name, value, form)
            if changed is not value:
                changes[name] = changed
        normal: T = replace(record, **changes) if changes else record
        return normal

    def _value(self, name: str, value: Any, form: TextForm) -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._text(name, value, form)
        if isinstance(value, tuple | list):
            return _same_or(value, type(value)(self._value(name, member, form) for member in value))
        if isinstance(value, dict):
            return _same_or(value, self._mapping(name, value, form))
        if is_dataclass(value) and not isinstance(value, type):
            return self.normal(value)
        return value

    def _mapping(self, name: str, value: dict[Any, Any], form: TextForm) -> dict[Any, Any]:
        inner = several_lines if form is one_line else form
        return {
            self._value(name, key, inner): self._value(name, member, inner) for key, member in value.items()
        }

    def _text(self, name: str, text: str, form: TextForm) -> str:
        try:
            normal = form(text, field=name)
        except CharacterNotAllowed as refusal:
            self.refusals.append(refusal)
            return sanitised(text)
        return text if normal == text else normal


@cache
def _forms(shape: Any) -> tuple[tuple[str, TextForm], ...]:
    """The fields of a dataclass with the forms of their texts."""
    forms = ((declared.name, text_form(declared)) for declared in fields(shape))
    return tuple((name, form) for name, form in forms if form is not None)


def _same_or(value: Any, changed: Any) -> Any:
    return value if value == changed else changed
