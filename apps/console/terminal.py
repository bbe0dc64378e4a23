"""Output of management commands: progress on stderr, one result on stdout, one exit code.

0 success, 2 wrong usage, 3 refused (code and message on stderr; with --json the problem on stdout as well).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import ProgrammingError
from django.utils.translation import gettext_lazy as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.kernel import progress
from apps.kernel.actors import System
from apps.kernel.errors import Refusal, Unavailable
from apps.kernel.exit_codes import EXIT_CODE_REFUSED
from apps.kernel.problems.bodies import problem_of

SHELL = System("The command line")
"""The actor of management commands; the audit log names the command beside it."""


@dataclass(frozen=True)
class Output:
    """The result of a command: a text, the same as JSON values, and the exit code."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)
    exit_code: int = 0


class BursarCommand(BaseCommand):
    """An entry point: reads the arguments, dispatches one command or calls one query, writes the result.

    A subclass defines its arguments in `options()` and returns its result from `run()`. A Refusal that `run()` raises
    is written here.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Write one JSON document.")
        self.options(parser)

    def options(self, parser: CommandParser) -> None:
        """Adds the arguments of the command."""

    def run(self, *_: Any, **options: Any) -> Output:
        """A subclass names its options as keyword arguments; both kinds of arguments here let the types allow that."""
        raise NotImplementedError

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        try:
            with _without_command_log(), bar(type(self).__module__.rsplit(".", 1)[-1].replace("_", " ")):
                output = self.run(**options)
        except Refusal as refusal:
            self._refuse(refusal, json=json)
        except ProgrammingError as error:
            self._refuse(_not_migrated(error), json=json)
        self._write(output.data if json else output.text)
        if output.exit_code:
            sys.exit(output.exit_code)

    def _write(self, output: str | dict[str, Any]) -> None:
        self.stdout.write(output if isinstance(output, str) else json.dumps(output, default=str))

    def _refuse(self, refusal: Refusal, *, json: bool) -> NoReturn:
        for reason in refusal.refusals:
            self.stderr.write(f"{reason.code}: {reason}")
        if json:
            self._write(problem_of(refusal, instance=f"manage.py {type(self).__module__.rsplit('.', 1)[-1]}"))
        sys.exit(EXIT_CODE_REFUSED)


class NotMigrated(Unavailable):
    message = _("Tables are missing from the database: run `manage.py migrate_schemas` first.")


def _not_migrated(error: ProgrammingError) -> NotMigrated:
    """A missing table means that migrations did not run; any other ProgrammingError is a bug."""
    if getattr(error.__cause__, "sqlstate", None) != "42P01":
        raise error
    return NotMigrated()


@contextmanager
def _without_command_log() -> Iterator[None]:
    """Silences the log of commands: the result is on the terminal already."""
    log = logging.getLogger("bursar.commands")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def bar(title: str) -> Iterator[None]:
    """A progress bar of `kernel.progress.steps` on stderr, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as display:
        task = display.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            display.update(task, completed=done, total=total)

        with progress.shown_by(show):
            yield
