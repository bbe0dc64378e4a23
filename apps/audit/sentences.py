"""Sentences of the audit log: a template code and its arguments.

The English sentence is rendered when the record is written, and sealed beside them. Readers see the sentence in their
language, as long as the template still gives the sealed sentence in English; otherwise the sealed one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

from django.utils.translation import get_language, gettext, gettext_noop, override

from apps.bus import Command
from apps.bus.registry import command_named
from apps.kernel.errors import Refusal, SeveralRefusals, refusal_coded

Arguments = dict[str, Any]
"""Placeholder → text. `refusals` has [{code, arguments}, …] instead."""
Translate = Callable[[str], str]
"""gettext for a reader, `str` for the sealed text."""

FRAMES = {
    "done": gettext_noop("{actor} {action}."),
    "filtered": gettext_noop("{actor} {action}: {filters}."),
    "repeated": gettext_noop("{actor} repeated the request that {action}."),
    "refused": gettext_noop("{actor} asked to {command} and was refused: {reason}"),
    "failed": gettext_noop("{actor} could not {command}: an unexpected {error}."),
}
READINGS = {
    "audit.read_audit_log": gettext_noop("looked at the audit log"),
    "audit.read_record": gettext_noop("looked at a record"),
    "audit.read_history": gettext_noop("looked at a history"),
    "audit.read_trace": gettext_noop("looked at the trace of a request"),
    "audit.export_audit_log": gettext_noop("exported the audit log as {form}"),
}
"""Template code → template, for read access. The code of a command's sentence is the name of the command."""
SOURCE_LANGUAGE = "en"
"""Texts in it need no change of the active language, which takes five times as long as the rest."""
_formatter = Formatter()


class Sentence(NamedTuple):
    """`outcome` chooses the frame around the template. The command is looked up by the template code unless given."""

    outcome: str
    template: str
    arguments: Arguments
    command: type[Command] | None = None

    def __str__(self) -> str:
        """In the active language. Raises LookupError for a template that no longer exists or has other placeholders."""
        return self._rendered(gettext)

    @property
    def in_english(self) -> str:
        return self._rendered(str)

    @property
    def _frame(self) -> str:
        return "filtered" if "filters" in self.arguments else self.outcome

    @property
    def _template(self) -> str:
        reading = READINGS.get(self.template)
        return reading or self._command.audit_message

    @property
    def _command(self) -> type[Command]:
        return self.command or command_named(self.template)

    def _rendered(self, translate: Translate) -> str:
        return _filled(FRAMES[self._frame], lambda name: self._part(name, translate), translate)

    def _part(self, name: str, translate: Translate) -> str:
        if name == "action":
            return _filled(self._template, self.arguments.__getitem__, translate)
        if name == "command":
            return translate(self._command.english_title()).lower()
        if name == "reason":
            return _reason(self.arguments["refusals"], translate)
        return str(self.arguments[name])


def of_command(outcome: str, command: Command, actor: str, **arguments: Any) -> Sentence:
    """The sentence of a command with this outcome; `result`, or the obstacle, is among the arguments."""
    texts: Arguments = {"actor": actor}
    if "result" in arguments:
        result = arguments.pop("result")
        texts |= _texts(
            command.audit_message, lambda name: result if name == "result" else getattr(command, name)
        )
    return Sentence(outcome, command.command_name(), texts | arguments, type(command))


def coded(refusal: Refusal) -> Arguments:
    """A reason of a refusal, as an argument."""
    texts = _texts(type(refusal).english(), refusal.value_of)
    return {"code": refusal.code, "arguments": texts}


def reason_in_english(reason: Arguments) -> str:
    return _reason([reason], str)


def shown(sealed: str, sentence: Sentence) -> str:
    """The sentence for a reader, in the active language."""
    try:
        return str(sentence) if sentence.in_english == sealed else sealed
    except LookupError:
        return sealed


def stored(arguments: Arguments) -> str:
    """The text of arguments in a record, which is hashed as it is."""
    return _encode(arguments)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _reason(refusals: list[Arguments], translate: Translate) -> str:
    reasons = [
        _filled(refusal_coded(refusal["code"]).english(), refusal["arguments"].__getitem__, translate)
        for refusal in refusals
    ]
    if len(reasons) == 1:
        return reasons[0]
    texts = {"count": str(len(reasons)), "sentences": " ".join(reasons)}
    return _filled(SeveralRefusals.english(), texts.__getitem__, translate)


def placeholders(template: str) -> Iterator[str]:
    return (name for _, name, _, _ in _parsed(template) if name)


def _texts(template: str, value_of: Callable[[str], Any]) -> dict[str, str]:
    """The English text of each placeholder, formatted as the template says. `{result.ends_at:%H:%M}` has the name
    "result.ends_at"."""
    parts = [part for part in _parsed(template) if part[1]]
    with nullcontext() if get_language() == SOURCE_LANGUAGE else override(None):
        return {
            name: _formatter.format_field(
                _formatter.convert_field(_value(name, value_of), conversion), format_spec or ""
            )
            for _, name, format_spec, conversion in parts
            if name
        }


def _value(name: str, value_of: Callable[[str], Any]) -> Any:
    first, *rest = name.split(".")
    value = value_of(first)
    for attribute in rest:
        value = getattr(value, attribute)
    return value


def _filled(template: str, text_of: Callable[[str], str], translate: Translate) -> str:
    """The translated template with texts in its placeholders, which are formatted already."""
    return "".join(
        literal + (text_of(name) if name else "") for literal, name, _, _ in _parsed(translate(template))
    )


@lru_cache(maxsize=2_000)
def _parsed(template: str) -> list[tuple[str, str | None, str | None, Any]]:
    return [*_formatter.parse(template)]
