"""Archived segments: JSON lines in the object store, of which each file proves itself against the chain.

A file holds for each segment one line that is its checkpoint, then one line for each record: its facts, which the
segment's hash covers, and its texts with their salts, which the facts' commitments cover.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import IO, Any

from django.core.files.base import File

from apps.kernel.clock import now
from apps.kernel.errors import Refusal
from apps.kernel.files import FileIsMissing, files

from . import chain, retention, rows
from .chain import Fault
from .errors import ArchiveIsBroken, SegmentIsBroken
from .models import Archive, Segment

FOLDER = "audit/archive"
MOST = 200_000
"""Records in a file; a larger segment has one for itself."""
Line = dict[str, Any]


def due(before: dt.date) -> list[list[Segment]]:
    """Segments whose records are all older than `before` and past their class's time: the files to be written."""
    day = dt.datetime.combine(before, dt.time(), dt.UTC)
    gone = archived_numbers()
    found: list[list[Segment]] = []
    for name in retention.classes():
        limit = min(day, retention.may_go_before(name, now()))
        old = Segment.objects.filter(retention=name, newest_at__lt=limit).order_by("number")
        found += _in_files([each for each in old if each.number not in gone])
    return found


def _in_files(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """In order, so many to a file as fit."""
    chosen: list[Segment] = []
    for segment in segments:
        if chosen and sum(one.records for one in chosen) + segment.records > MOST:
            yield chosen
            chosen = []
        chosen.append(segment)
    if chosen:
        yield chosen


def write(segments: Sequence[Segment]) -> str:
    """Raises SegmentIsBroken: what was tampered with is not made clean by archiving it. Returns the file's name."""
    first, last = segments[0], segments[-1]
    name = f"{FOLDER}/{first.retention}/{first.number:012}-{last.number:012}.jsonl"
    with tempfile.TemporaryFile() as handle:
        for segment in segments:
            _write_segment(handle, segment)
        handle.seek(0)
        return files().save(name, File(handle))


def _write_segment(handle: IO[bytes], segment: Segment) -> None:
    handle.write(_line({"segment": segment.number, "hash": segment.hash, "records": segment.records}))
    digests = []
    for row in rows.of_segment(segment):
        if rows.broken_commitments(row):
            raise SegmentIsBroken(segment=segment)
        digests.append(rows.digest_of(row))
        handle.write(_line(_as_line(row)))
    if chain.records_hash(digests) != segment.records_hash:
        raise SegmentIsBroken(segment=segment)


def _as_line(row: rows.Row) -> Line:
    return {
        "facts": rows.facts_of(row),
        "who_salt": row.who_salt and row.who_salt.hex(),
        "who": json.loads(row.who),
        "what_salt": row.what_salt and row.what_salt.hex(),
        "what": row.what,
    }


def _line(value: Line) -> bytes:
    return chain.canonical(value) + b"\n"


COPY = ".copy"
"""Of a file that is being written anew (forgetting.py)."""


def read(file: str) -> Iterator[Line]:
    """Raises FileIsMissing, ArchiveIsBroken. While a copy is put in the place of its file, the one or other is read."""
    with _opened(file) as handle:
        for line in handle:
            try:
                yield json.loads(line)
            except ValueError:
                raise ArchiveIsBroken(file=file, why="it is cut off, or no archive.") from None


def _opened(file: str) -> IO[bytes]:
    for each in (file, file + COPY):
        with suppress(FileIsMissing):
            return files().open(each)
    return files().open(file)


def must_hold(file: str, segments: Sequence[Segment]) -> None:
    """Raises ArchiveIsBroken unless the file holds exactly these segments as they were sealed."""
    wanted = {segment.number: segment for segment in segments}
    for number, lines in _by_segment(file):
        segment = wanted.pop(number, None)
        if segment is None:
            raise ArchiveIsBroken(file=file, why=f"segment {number} is none of it.")
        digests = [_digest_of(file, line) for line in lines]
        if chain.records_hash(digests) != segment.records_hash:
            raise ArchiveIsBroken(file=file, why=f"the records of segment {number} are others.")
    if wanted:
        raise ArchiveIsBroken(file=file, why=f"segment {min(wanted)} is missing.")


def _by_segment(file: str) -> Iterator[tuple[int, Iterator[Line]]]:
    number = 0

    def of(line: Line) -> int:
        nonlocal number
        number = int(line.get("segment", number))
        return number

    for found, lines in groupby(read(file), of):
        yield found, (line for line in lines if "facts" in line)


def _digest_of(file: str, line: Line) -> bytes:
    """Raises ArchiveIsBroken when the texts are not those that the facts bind to."""
    facts = line["facts"]
    texts = (
        (line["who_salt"], chain.canonical_row(line["who"]), facts[rows.WHO_BOUND]),
        (line["what_salt"], chain.canonical(chain.read(line["what"])), facts[rows.WHAT_BOUND]),
    )
    for salt, said, bound in texts:
        if salt is not None and chain.commitment(bytes.fromhex(salt), said).hex() != bound:
            raise ArchiveIsBroken(file=file, why=f"a text of record {facts[0]} is another.")
    return chain.digest(facts)


def faults_of_files(allowed: Callable[[], Mapping[str, Collection[int]]]) -> Iterator[Fault]:
    """`allowed` says which records may lack these texts. It is asked behind the file, which follows an erasure that is
    kept already."""
    for archive in Archive.objects.order_by("id"):
        try:
            must_hold(archive.file, segments_of(archive))
        except Refusal as refusal:
            yield Fault("archive", archive.first_segment, str(refusal))
            continue
        erased = [line for line in read(archive.file) if "facts" in line and not _says_all(line)]
        for part, ids in allowed().items() if erased else ():
            for line in erased:
                if line[f"{part}_salt"] is None and line["facts"][0] not in ids:
                    why = f"{archive}: record {line['facts'][0]} lost its texts and nobody erased them."
                    yield Fault("archive", archive.first_segment, why)


def _says_all(line: Line) -> bool:
    return line["who_salt"] is not None and line["what_salt"] is not None


def segments_of(archive: Archive) -> list[Segment]:
    return list(
        Segment.objects.filter(
            retention=archive.retention, number__range=(archive.first_segment, archive.last_segment)
        ).order_by("number")
    )


def archived_numbers() -> set[int]:
    """Numbers of the segments whose records are in the object store."""
    return {segment.number for archive in Archive.objects.all() for segment in segments_of(archive)}


def archived_records(command: str) -> Iterator[Line]:
    """Records of one command, out of the archives of its class; none of a file that is missing."""
    for archive in Archive.objects.filter(retention=retention.class_of(command)):
        with suppress(FileIsMissing):
            for line in read(archive.file):
                if "facts" in line and line["facts"][2] == command and line["facts"][3] == "done":
                    yield line
