"""The files that a reader of one command passes, from the entry point to the first row of a table.

Each function is read once, where it is first called. A file that is entered again after another one is a return: the
reader climbs back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import connection

APPS = Path(__file__).parents[2] / "apps"


@dataclass
class ReadingPath:
    """The files in the order of reading; a file that is entered again is listed again."""

    entered: list[str] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        return list(dict.fromkeys(self.entered))

    @property
    def returns(self) -> int:
        return len(self.entered) - len(self.files)


def reading_path_of(work: Callable[[], Any], *, table: str) -> ReadingPath:
    """The path of `work` until it inserts a row into the table."""
    path, functions = ReadingPath(), set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code in functions:
            return
        functions.add(code)
        file = Path(code.co_filename)
        if not file.is_relative_to(APPS) or code.co_name == "<module>":
            return
        name = str(file.relative_to(APPS))
        if path.entered[-1:] != [name]:
            path.entered.append(name)

    def stop(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if sql.startswith(f'INSERT INTO "{table}"'):
            sys.setprofile(None)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(stop):
        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(None)
    return path
