"""The files that a reader of one command passes, from the entry point to the first row of a table.

Each function is read once, where it is first called; properties are data and not read. A call into a file that was left
before is a return, unless the caller is in that file: the reader climbs back. Facilities that every command passes are
left out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from django.db import connection

APPS = Path(__file__).parents[2] / "apps"
FACILITIES = (
    "audit/",
    "bus/",
    "console/",
    "events/",
    "kernel/",
    "modules/",
    "tenancy/backend/",
    "tenancy/router",
)


@dataclass
class ReadingPath:
    """The files in the order of reading, and the calls that climb back: from one file into an earlier one."""

    files: list[str] = field(default_factory=list)
    returns: list[tuple[str, str, str]] = field(default_factory=list)
    latest: str = ""

    def read(self, caller: str, called: str, function: str) -> None:
        if called not in self.files:
            self.files.append(called)
        elif caller and called not in (caller, self.latest):
            self.returns.append((caller, called, function))
        self.latest = called


def reading_path_of(work: Callable[[], Any], *, table: str) -> ReadingPath:
    """The path of `work` until it inserts a row into the table."""
    path = ReadingPath()
    functions: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_code in functions:
            return
        functions.add(frame.f_code)
        called = _file_of(frame)
        if called and not _is_data(frame):
            path.read(_caller_of(frame), called, frame.f_code.co_name)

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


def _file_of(frame: FrameType) -> str:
    """Relative to apps/; empty for other code, and for facilities."""
    file = Path(frame.f_code.co_filename)
    if not file.is_relative_to(APPS):
        return ""
    name = str(file.relative_to(APPS))
    return "" if name.startswith(FACILITIES) else name


def _caller_of(frame: FrameType) -> str:
    """The file of the nearest caller that is no facility."""
    outer = frame.f_back
    while outer and not _file_of(outer):
        outer = outer.f_back
    return _file_of(outer) if outer else ""


def _is_data(frame: FrameType) -> bool:
    """Whether the frame is the body of a module or class, a property, a method of the language, or an expression."""
    name = frame.f_code.co_name
    of_class = getattr(type(frame.f_locals.get("self")), name, None)
    return name.startswith(("<", "__")) or isinstance(of_class, property)
