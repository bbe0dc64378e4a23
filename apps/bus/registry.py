"""The registry of commands and their handlers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, TypeVar

from apps.events import Event

from .commands import Command
from .edits import Edits

C = TypeVar("C", bound=Command)
R = TypeVar("R")


@dataclass(frozen=True)
class Handled:
    """The handler of a command, the events it may publish, the `dry_run` that validates it without changes, the
    `base_revision` of what it changes, and what it `edits`."""

    handler: Callable[[Any], Any]
    emits: tuple[type[Event], ...]
    dry_run: Callable[[Any], Any] | None
    base_revision: Callable[[Any], str] | None = None
    edits: Edits | None = None


_handled: dict[type[Command], Handled] = {}
_by_name: dict[str, type[Command]] = {}


def handles(
    command_type: type[C],
    *,
    emits: tuple[type[Event], ...] = (),
    dry_run: Callable[[C], Any] | None = None,
    base_revision: Callable[[C], str] | None = None,
    edits: Edits | None = None,
) -> Callable[[Callable[[C], R]], Callable[[C], R]]:
    """Registers the handler of a command and the events that it `emits`: publishing another one raises. A long-running
    command also needs a `dry_run`, which validates it without changes, as does one whose rows only an approval may
    change. `base_revision` identifies the state that a command changes: when it differs, an approval is void. A command
    that `edits` a thing is refused if its sender saw another version of the thing."""

    def register(handler: Callable[[C], R]) -> Callable[[C], R]:
        _refuse_half_a_command(command_type, dry_run, edits)
        _handled[command_type] = Handled(handler, emits, dry_run, base_revision, edits)
        _by_name[command_type.command_name()] = command_type
        return handler

    return register


def handled(command_type: type[Command]) -> Handled:
    return _handled[command_type]


def command_named(name: str) -> type[Command]:
    """Raises KeyError for an unknown name."""
    return _by_name[name]


def commands() -> list[type[Command]]:
    """All registered commands, sorted by name."""
    return sorted(_handled, key=lambda command: command.command_name())


def _refuse_half_a_command(command_type: type[Command], dry_run: object, edits: Edits | None) -> None:
    faults = chain(_faults_of_declaration(command_type, dry_run, edits), _faults_of_natural_key(command_type))
    if fault := next(faults, None):
        raise TypeError(f"{command_type.__name__} {fault}")


def _faults_of_declaration(
    command_type: type[Command], dry_run: object, edits: Edits | None
) -> Iterator[str]:
    if command_type in _handled:
        yield "already has a handler."
    if edits and edits.key not in {field.name for field in fields(command_type)}:
        yield f"has no field {edits.key} that identifies what it edits."
    for word in ("permission", "audit_message"):
        if not getattr(command_type, word, ""):
            yield f"has no `{word}`."
    if not command_type.__doc__ or command_type.__doc__.startswith(f"{command_type.__name__}("):
        yield "has no docstring for its button."
    if command_type.approval and "reason" not in {field.name for field in fields(command_type)}:
        yield "needs an approval and has no `reason`, which approvers read."
    if not command_type.atomic and dry_run is None:
        yield "is long-running and has no dry run."
    if command_type.schedulable and _has_unstored_fields(command_type):
        yield "is schedulable and has a secret or bulky field, which is not stored."


def _faults_of_natural_key(command_type: type[Command]) -> Iterator[str]:
    if (command_type.natural_key is not Command.natural_key) != bool(command_type.fact):
        yield "says its natural key and the fields that make the fact, or neither."
    if unknown := set(command_type.fact) - {field.name for field in fields(command_type)}:
        yield f"has no field {', '.join(sorted(unknown))} to make a fact of."


def _has_unstored_fields(command_type: type[Command]) -> bool:
    return any(field.metadata.get(word) for field in fields(command_type) for word in ("secret", "bulky"))
