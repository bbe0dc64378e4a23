"""Erasure of a person from cold storage.

An erasure commits in the database, with the ids of the records that lose texts. Then each file with such a record is
rewritten without the texts: as a copy beside the file, verified, and moved into its place. A crash in between leaves
the file or a copy, from which the next run continues.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from django.core.files.base import File
from django.utils.translation import gettext

from apps.kernel.errors import Refusal
from apps.kernel.files.store import FileIsMissing, files

from . import chain, cold_storage, erasures, retention
from .cold_storage import COPY_SUFFIX, Line
from .errors import ColdStorageFileIsBroken
from .models import ColdStorageFile

ID, AT, COMMAND, ACTOR, CLASS = 0, 1, 2, 4, 9
"""Index of each value in the facts of a line."""


class Match(NamedTuple):
    """A record in cold storage that names a person, as its actor or in its content."""

    id: int
    retention: str
    at: dt.datetime
    actor: bool
    content: bool


def matches(user_id: int | None, texts: Sequence[str]) -> Iterator[Match]:
    """In all existing files; verification reports missing ones."""
    person = _Person.of(user_id, texts)
    for line in _records():
        if line["facts"][COMMAND] != retention.ERASURE and (match := person.match(line)):
            yield match


@dataclass(frozen=True, slots=True)
class _Person:
    """A person as they are named: by id, in texts, and in JSON. In lower case."""

    user_id: int | None
    texts: Sequence[str]
    texts_in_json: Sequence[str]

    @classmethod
    def of(cls, user_id: int | None, texts: Sequence[str]) -> _Person:
        in_json = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
        return cls(user_id, [text.lower() for text in texts], [text.lower() for text in in_json])

    def match(self, line: Line) -> Match | None:
        """None for a line that does not name the person, and for one whose texts were erased before."""
        facts = line["facts"]
        actor = bool(line["actor_salt"]) and self._is_actor(line)
        content = bool(line["content_salt"]) and _names(line["content"], self.texts_in_json)
        if not actor and not content:
            return None
        return Match(facts[ID], facts[CLASS], dt.datetime.fromisoformat(facts[AT]), actor, content)

    def _is_actor(self, line: Line) -> bool:
        if self.user_id is not None and line["facts"][ACTOR] == self.user_id:
            return True
        return _names(" ".join(map(str, line["actor"])), self.texts)


def _records() -> Iterator[Line]:
    for stored in ColdStorageFile.objects.order_by("id"):
        with suppress(FileIsMissing):
            yield from (line for line in cold_storage.read(stored.file) if "facts" in line)


def _names(content: str, texts: Sequence[str]) -> bool:
    lowered = content.lower()
    return any(text in lowered for text in texts)


def file_must_be_up_to_date(file: str) -> None:
    """Raises ColdStorageFileIsBroken for a file that was written before an erasure of its records."""
    erased = erasures.announced()
    for line in cold_storage.read(file):
        if "facts" in line and _texts_to_drop(line, erased):
            raise ColdStorageFileIsBroken(
                file=file, why=gettext("record {facts} was erased meanwhile.").format(facts=line["facts"][ID])
            )


def erase(actor: str, content: str) -> None:
    """Drop the texts of these records in all existing files. `actor` and `content` are ranges of ids."""
    erased: erasures.Announced = {
        "actor": set(erasures.ids_in(actor)),
        "content": set(erasures.ids_in(content)),
    }
    for stored in ColdStorageFile.objects.order_by("id"):
        with suppress(FileIsMissing):
            _erase_in(stored, erased)


def _erase_in(stored: ColdStorageFile, erased: erasures.Announced) -> None:
    _finish(stored)
    if any("facts" in line and _texts_to_drop(line, erased) for line in cold_storage.read(stored.file)):
        _copy_without(stored, erased)
        _finish(stored)


def _texts_to_drop(line: Line, erased: erasures.Announced) -> Sequence[str]:
    return [part for part in erased if line[f"{part}_salt"] and line["facts"][ID] in erased[part]]


def _copy_without(stored: ColdStorageFile, erased: erasures.Announced) -> None:
    with tempfile.TemporaryFile() as handle:
        for line in cold_storage.read(stored.file):
            for part in _texts_to_drop(line, erased) if "facts" in line else ():
                line[f"{part}_salt"], line[part] = None, ERASED[part]
            handle.write(chain.canonical(line) + b"\n")
        handle.seek(0)
        files().save(stored.file + COPY_SUFFIX, File(handle))


ERASED = {"actor": ["(erased)", "", "(erased)", "", "{}", ""], "content": "[{},[],[]]"}
"""The values that replace the texts, as in the database."""


def _finish(stored: ColdStorageFile) -> None:
    """Replace the file by its copy if the copy is complete; an incomplete one was left by a crash and is deleted."""
    store, copy = files(), stored.file + COPY_SUFFIX
    if not store.exists(copy):
        return
    if not _holds(copy, stored):
        store.delete(copy)
        return
    store.delete(stored.file)
    with store.open(copy) as handle:
        store.save(stored.file, File(handle))
    cold_storage.must_hold(stored.file, cold_storage.segments_of(stored))
    store.delete(copy)


def _holds(file: str, stored: ColdStorageFile) -> bool:
    try:
        cold_storage.must_hold(file, cold_storage.segments_of(stored))
    except (Refusal, KeyError):
        return False
    return True
