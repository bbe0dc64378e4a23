"""How a management command speaks: progress on stderr, one answer on stdout, one exit code.

0 done, 2 used wrongly, 3 refused (code and sentence on stderr; with --json the problem on stdout as well).
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
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.kernel import progress
from apps.kernel.errors import Refusal, Unavailable
from apps.kernel.problems import problem_of

REFUSED = 3


@dataclass(frozen=True)
class Output:
    """What a command has to say: a text for people, and the same as JSON values."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)


class BursarCommand(BaseCommand):
    """A door like any other: reads its arguments, dispatches one command or asks one query, says the answer.

    A subclass says what it takes in `options()` and what came of it in `answer()`. Words for a Refusal that it lets
    through are found here.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Output with one JSON document.")
        self.options(parser)

    def options(self, parser: CommandParser) -> None:
        """The command's own arguments."""

    def run(self, **options: Any) -> Output:
        raise NotImplementedError

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        try:
            with _said_once(), bar(type(self).__module__.rsplit(".", 1)[-1].replace("_", " ")):
                answer = self.run(**options)
        except Refusal as refusal:
            self._refuse(refusal, json=json)
        except ProgrammingError as error:
            self._refuse(_not_migrated(error), json=json)
        self._say(answer.data if json else answer.text)

    def _say(self, said: str | dict[str, Any]) -> None:
        self.stdout.write(said if isinstance(said, str) else json.dumps(said, default=str))

    def _refuse(self, refusal: Refusal, *, json: bool) -> NoReturn:
        for each in refusal.refusals:
            self.stderr.write(f"{each.code}: {each}")
        if json:
            self._say(problem_of(refusal, instance=f"manage.py {type(self).__module__.rsplit('.', 1)[-1]}"))
        sys.exit(REFUSED)


class NotMigrated(Unavailable):
    message = "The database lacks what this needs: run `manage.py migrate_schemas` first."


def _not_migrated(error: ProgrammingError) -> NotMigrated:
    """A missing table means an empty database; any other error of this kind is ours."""
    if getattr(error.__cause__, "sqlstate", None) != "42P01":
        raise error
    return NotMigrated()


@contextmanager
def _said_once() -> Iterator[None]:
    """What came of it is said by the command, and not a second time by the log."""
    log = logging.getLogger("bursar.commands")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def bar(title: str) -> Iterator[None]:
    """Shows how far `kernel.progress.steps` is, on stderr, where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        with progress.shown_by(show):
            yield
