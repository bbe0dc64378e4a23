"""Execution of commands by the workers of their queue."""

from apps.events import listens_to

from .events import CommandSent
from .sending import do


@listens_to(CommandSent)
def execute_command(event: CommandSent) -> None:
    do(event)
