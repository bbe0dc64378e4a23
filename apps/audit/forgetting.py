"""How archived files forget a person.

An erasure says in the database which records lose which texts, and commits. Then each file that has such a record is
written anew without them: beside itself, read back, and put in its place. Whoever dies on the way leaves the file or
its copy, and the next one goes on from there.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.core.files.base import File

from apps.kernel.errors import Refusal
from apps.kernel.files import FileIsMissing, files

from . import archives, chain, erasures, retention
from .archives import COPY, Line
from .errors import ArchiveIsBroken
from .models import Archive

ID, AT, COMMAND, ACTOR, CLASS = 0, 1, 2, 4, 9
"""Where each stands in the facts of a line."""


class Named(NamedTuple):
    """An archived record that names a person, where it says who it was (`who`) or what was asked (`what`)."""

    id: int
    retention: str
    at: dt.datetime
    who: bool
    what: bool


def naming(user_id: int | None, texts: Sequence[str]) -> Iterator[Named]:
    """Of all archives that are there; that one is missing, verifying says."""
    spoken = [text.lower() for text in texts]
    written = [json.dumps(text, ensure_ascii=False)[1:-1].lower() for text in texts]
    for line in _records():
        facts = line["facts"]
        if facts[COMMAND] == retention.ERASURE:
            continue
        is_his = user_id is not None and facts[ACTOR] == user_id
        who = bool(line["who_salt"]) and (is_his or _names(" ".join(map(str, line["who"])), spoken))
        what = bool(line["what_salt"]) and _names(line["what"], written)
        if who or what:
            yield Named(facts[ID], facts[CLASS], dt.datetime.fromisoformat(facts[AT]), who, what)


def _records() -> Iterator[Line]:
    for archive in Archive.objects.order_by("id"):
        with suppress(FileIsMissing):
            yield from (line for line in archives.read(archive.file) if "facts" in line)


def _names(said: str, texts: Sequence[str]) -> bool:
    lowered = said.lower()
    return any(text in lowered for text in texts)


def must_have_forgotten(file: str) -> None:
    """Raises ArchiveIsBroken for a file that was written before an erasure, and says what was erased since."""
    gone = erasures.announced()
    for line in archives.read(file):
        if "facts" in line and _texts_to_drop(line, gone):
            raise ArchiveIsBroken(file=file, why=f"record {line['facts'][ID]} was erased meanwhile.")


def forget(who: str, what: str) -> None:
    """Drop texts of these records, in every file that is there and has them. `who` and `what` are ranges of ids."""
    gone: erasures.Announced = {"who": set(erasures.ids_in(who)), "what": set(erasures.ids_in(what))}
    for archive in Archive.objects.order_by("id"):
        with suppress(FileIsMissing):
            _forget_in(archive, gone)


def _forget_in(archive: Archive, gone: erasures.Announced) -> None:
    _finish(archive)
    if any("facts" in line and _texts_to_drop(line, gone) for line in archives.read(archive.file)):
        _copy_without(archive, gone)
        _finish(archive)


def _texts_to_drop(line: Line, gone: erasures.Announced) -> Sequence[str]:
    return [part for part in gone if line[f"{part}_salt"] and line["facts"][ID] in gone[part]]


def _copy_without(archive: Archive, gone: erasures.Announced) -> None:
    with tempfile.TemporaryFile() as handle:
        for line in archives.read(archive.file):
            for part in _texts_to_drop(line, gone) if "facts" in line else ():
                line[f"{part}_salt"], line[part] = None, ERASED[part]
            handle.write(chain.canonical(line) + b"\n")
        handle.seek(0)
        files().save(archive.file + COPY, File(handle))


ERASED = {"who": ["(erased)", "", "(erased)", ""], "what": "[{},[],[]]"}
"""What stands in place of the texts: the same as in the database."""


def _finish(archive: Archive) -> None:
    """Put a copy that is whole in the place of the file; one that is not is of somebody who died writing it."""
    store, copy = files(), archive.file + COPY
    if not store.exists(copy):
        return
    if not _holds(copy, archive):
        store.delete(copy)
        return
    store.delete(archive.file)
    with store.open(copy) as handle:
        store.save(archive.file, File(handle))
    archives.must_hold(archive.file, archives.segments_of(archive))
    store.delete(copy)


def _holds(file: str, archive: Archive) -> bool:
    try:
        archives.must_hold(file, archives.segments_of(archive))
    except (Refusal, KeyError):
        return False
    return True
