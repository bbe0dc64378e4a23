"""All commands as a list for display: on the page *Commands*, and by `manage.py commands`."""

from __future__ import annotations

from dataclasses import dataclass

from .commands import Command
from .registry import commands, handled


@dataclass(frozen=True)
class Listed:
    """One command, as it is listed. `help_text` is its docstring; a long-running command commits in steps."""

    name: str
    title: str
    help_text: str
    permission: str
    queue: str
    flag: str
    moves_money: bool
    is_long_running: bool
    fresh_authentication_s: int | None
    approval: str
    emits: tuple[str, ...]


def catalogue() -> list[Listed]:
    return [_listed(command) for command in commands()]


def _listed(command: type[Command]) -> Listed:
    return Listed(
        name=command.command_name(),
        title=command.title(),
        help_text=command.help_text(),
        permission=command.permission,
        queue=command.queue,
        flag=command.flag,
        moves_money=command.moves_money,
        is_long_running=not command.atomic,
        fresh_authentication_s=command.fresh_authentication_s,
        approval=command.approval.name if command.approval else "",
        emits=tuple(event.name for event in handled(command).emits),
    )
