"""Commands as JSON and back, with a schema: how they wait in a table, and how they are described."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.utils.translation import gettext
from pydantic import TypeAdapter, ValidationError

from apps.kernel.notation.plain_values import malformed_values
from apps.kernel.plain import from_plain, to_whole

from .commands import Command
from .errors import CommandMalformed, CommandUnknown
from .registry import commands
from .texts import with_normal_texts


def to_json(command: Command) -> dict[str, Any]:
    """{"command": name, "fields": {…}}. Raises TypeError for a command with a secret: it is not written down."""
    if secrets := [field.name for field in fields(command) if field.metadata.get("secret")]:
        raise TypeError(
            f"{command.command_name()} has secrets ({', '.join(secrets)}) and cannot be written down."
        )
    return {"command": command.command_name(), "fields": to_whole(command)}


def from_json(document: dict[str, Any]) -> Command:
    """The command with normal texts. Raises CommandUnknown, CommandMalformed, CharacterNotAllowed."""
    shape = command_named(str(document.get("command")))
    values = document.get("fields")
    known = {field.name for field in fields(shape)}
    unknown = set(values) - known if isinstance(values, dict) else {"fields"}
    if unknown:
        raise CommandMalformed(
            command=shape.command_name(),
            why=gettext("there is no {names}").format(names=", ".join(sorted(unknown))),
        )
    try:
        return with_normal_texts(from_plain(shape, values or {}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandMalformed(command=shape.command_name(), why=f"{where}: {first['msg']}") from None


def from_entered_json(document: dict[str, Any]) -> Command:
    """As `from_json`, for values that a person or another program wrote: their numbers, dates and instants have the
    notation of the API."""
    shape, values = command_named(str(document.get("command"))), document.get("fields")
    for where, refusal in malformed_values(shape, values) if isinstance(values, dict) else ():
        raise CommandMalformed(command=shape.command_name(), why=f"{where}: {str(refusal).rstrip('.')}")
    return from_json(document)


def command_named(name: str) -> type[Command]:
    """Raises CommandUnknown."""
    for command in commands():
        if command.command_name() == name:
            return command
    raise CommandUnknown(command=name)


def schema(shape: type[Command]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a command's fields."""
    return TypeAdapter(shape).json_schema()
