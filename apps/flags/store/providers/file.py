"""Flags of a file: a native document, or one of flagd. A changed file is read again; a broken one changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.flags.engine import Problem, validate
from apps.flags.engine.importers.flagd import import_flagd
from apps.flags.store import platform
from apps.flags.store.platform import Platform, Stored
from apps.flags.store.served import Served

CHECKED_AFTER_S = 1.0
BEGAN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Documents = Sequence[Mapping[str, Any]]
log = logging.getLogger("bursar.flags")


class FileIsWrong(Exception):
    """The file cannot be read, or has problems."""


class FileProvider(Served):
    """The flags and segments of the file in place of the platform's revisions. The kills of the database and the
    environment close them, and plans, overrides and kills of tenants narrow them.

    Native: {"format": 1, "flags": [DOCUMENT, …], "segments": [DOCUMENT, …]}
    """

    def __init__(self, path: str) -> None:
        super().__init__(self._platform)
        self._path = Path(path)
        self._read: Platform | None = None
        self._version: tuple[int, int] | None = None
        self._checked_at = 0.0

    def _platform(self) -> Platform:
        """Raises FileIsWrong if the first reading fails; afterwards what was read before is served. Its epoch is that
        of the database, since processes report the arrival of kills."""
        if self._read is None or time.monotonic() - self._checked_at > CHECKED_AFTER_S:
            self._checked_at = time.monotonic()
            self._read = self._read_again(self._read)
        stored = platform.cached.get("all")
        return replace(self._read, epoch=stored.epoch, killed=stored.killed)

    def _read_again(self, before: Platform | None) -> Platform:
        try:
            status = self._path.stat()
            version = status.st_mtime_ns, status.st_size
            if before is not None and version == self._version:
                return before
            read = read_file(self._path)
        except (OSError, ValueError, KeyError, TypeError, FileIsWrong) as error:
            if before is None:
                raise FileIsWrong(f"{self._path}: {error}") from error
            log.error("The file of flags could not be read, its earlier content is served: %s", error)
            return before
        self._version = version
        return read


def read_file(path: Path) -> Platform:
    """Raises FileIsWrong with all problems, or an error of the file system or of JSON."""
    document = json.loads(path.read_text())
    is_of_flagd = isinstance(document.get("flags"), Mapping)
    flags, segments = _of_flagd(document) if is_of_flagd else _native(document)
    return Platform(0, _stored(flags), _stored(segments), {})


def _native(document: Any) -> tuple[Documents, Documents]:
    flags, segments = document["flags"], document.get("segments", [])
    known_flags = {flag["key"]: flag for flag in flags}
    known_segments = {segment["key"]: segment for segment in segments}
    today = dt.datetime.now(dt.UTC).date()
    for one in (*flags, *segments):
        problems = validate(one, flags=known_flags, segments=known_segments, today=today)
        _must_be_right(one["key"], problems)
    return flags, segments


def _of_flagd(document: Any) -> tuple[Documents, Documents]:
    imported = import_flagd(document)
    _must_be_right("", imported.problems)
    return imported.flags, imported.segments


def _must_be_right(key: str, problems: Iterable[Problem]) -> None:
    if wrong := [problem for problem in problems if not problem.is_warning]:
        raise FileIsWrong("; ".join(f"{key}{pointer}: {message}" for _, pointer, message, _ in wrong))


def _stored(documents: Documents) -> tuple[Stored, ...]:
    return tuple(Stored(document["key"], 0, dict(document), BEGAN, None) for document in documents)
