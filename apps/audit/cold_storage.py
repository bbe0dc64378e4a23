"""Cold storage of sealed segments: files of JSON lines in the object store, each verifiable against the chain.

For each segment a file has one line with its checkpoint, then one line for each record: the facts, which the segment's
hash covers, and the texts with their salts, which the commitments among the facts cover.
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
from django.utils.translation import gettext

from apps.kernel.clock import now
from apps.kernel.errors import Refusal
from apps.kernel.files.store import FileIsMissing, files

from . import chain, retention, rows
from .chain import Fault
from .errors import ColdStorageFileIsBroken, SegmentIsBroken
from .models import ColdStorageFile, Segment

FOLDER = "audit/cold-storage"
MAX_RECORDS_PER_FILE = 200_000
"""A larger segment has a file of its own."""
Line = dict[str, Any]


def due(before: dt.date) -> list[list[Segment]]:
    """The files to write: segments whose records are all older than `before` and past the retention of their class."""
    day = dt.datetime.combine(before, dt.time(), dt.UTC)
    stored = numbers_in_cold_storage()
    due_files: list[list[Segment]] = []
    for name in retention.classes():
        limit = min(day, retention.may_go_before(name, now()))
        old = Segment.objects.filter(retention=name, newest_at__lt=limit).order_by("number")
        due_files += _in_files([segment for segment in old if segment.number not in stored])
    return due_files


def _in_files(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """In order, up to MAX_RECORDS_PER_FILE in each file."""
    chosen: list[Segment] = []
    for segment in segments:
        if chosen and sum(one.records for one in chosen) + segment.records > MAX_RECORDS_PER_FILE:
            yield chosen
            chosen = []
        chosen.append(segment)
    if chosen:
        yield chosen


def write(segments: Sequence[Segment]) -> str:
    """Writes a file and returns its name. Raises SegmentIsBroken for a segment that was tampered with."""
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
        "actor_salt": row.actor_salt and row.actor_salt.hex(),
        "actor": json.loads(row.actor),
        "content_salt": row.content_salt and row.content_salt.hex(),
        "content": row.content,
    }


def _line(value: Line) -> bytes:
    return chain.canonical(value) + b"\n"


COPY_SUFFIX = ".copy"
"""Suffix of the new version of a file while it is rewritten (cold_storage_erasure.py)."""


def read(file: str) -> Iterator[Line]:
    """Raises FileIsMissing, ColdStorageFileIsBroken. While a copy replaces its file, either of them is read."""
    with _opened(file) as handle:
        for line in handle:
            try:
                yield json.loads(line)
            except ValueError:
                raise ColdStorageFileIsBroken(
                    file=file, why=gettext("it is truncated, or not a cold storage file.")
                ) from None


def _opened(file: str) -> IO[bytes]:
    for name in (file, file + COPY_SUFFIX):
        with suppress(FileIsMissing):
            return files().open(name)
    return files().open(file)


def must_hold(file: str, segments: Sequence[Segment]) -> None:
    """Raises ColdStorageFileIsBroken unless the file holds exactly these segments as they were sealed."""
    wanted = {segment.number: segment for segment in segments}
    for number, lines in _by_segment(file):
        segment = wanted.pop(number, None)
        if segment is None:
            raise ColdStorageFileIsBroken(
                file=file, why=gettext("segment {number} does not belong to it.").format(number=number)
            )
        digests = [_digest_of(file, line) for line in lines]
        if chain.records_hash(digests) != segment.records_hash:
            raise ColdStorageFileIsBroken(
                file=file, why=gettext("the records of segment {number} differ.").format(number=number)
            )
    if wanted:
        raise ColdStorageFileIsBroken(
            file=file, why=gettext("segment {wanted} is missing.").format(wanted=min(wanted))
        )


def _by_segment(file: str) -> Iterator[tuple[int, Iterator[Line]]]:
    number = 0

    def of(line: Line) -> int:
        nonlocal number
        number = int(line.get("segment", number))
        return number

    for segment_number, lines in groupby(read(file), of):
        yield segment_number, (line for line in lines if "facts" in line)


def _digest_of(file: str, line: Line) -> bytes:
    """Raises ColdStorageFileIsBroken when the texts differ from those that the facts bind to."""
    facts = line["facts"]
    texts = (
        (line["actor_salt"], chain.canonical_row(line["actor"]), facts[rows.ACTOR_COMMITMENT]),
        (line["content_salt"], chain.canonical(chain.read(line["content"])), facts[rows.CONTENT_COMMITMENT]),
    )
    for salt, text, commitment in texts:
        if salt is not None and chain.commitment(bytes.fromhex(salt), text).hex() != commitment:
            raise ColdStorageFileIsBroken(
                file=file, why=gettext("a text of record {facts} differs.").format(facts=facts[0])
            )
    return chain.digest(facts)


def faults_of_content(stored: ColdStorageFile) -> Iterator[Fault]:
    try:
        must_hold(stored.file, segments_of(stored))
    except Refusal as refusal:
        yield Fault("cold storage", stored.first_segment, str(refusal))


def faults_of_erased_texts(
    stored: ColdStorageFile, allowed: Callable[[], Mapping[str, Collection[int]]]
) -> Iterator[Fault]:
    """`allowed` returns the records that may lack texts. It is called after the file is read, because an erasure
    commits before the file is rewritten."""
    with suppress(FileIsMissing, ColdStorageFileIsBroken):
        erased = [line for line in read(stored.file) if "facts" in line and not _is_complete(line)]
        for part, ids in allowed().items() if erased else ():
            for line in erased:
                if line[f"{part}_salt"] is None and line["facts"][0] not in ids:
                    why = f"{stored}: record {line['facts'][0]} lost its texts without an erasure."
                    yield Fault("cold storage", stored.first_segment, why)


def faults_of_authorisations() -> Iterator[Fault]:
    """Rows that are not signed, or are signed for other segments."""
    for stored in ColdStorageFile.objects.order_by("id"):
        if not is_authorised(stored):
            detail = f"The cold storage file {stored} of segment {stored.first_segment} is not authorised by a key."
            yield Fault("authorisation", stored.first_segment, detail)


def is_authorised(stored: ColdStorageFile) -> bool:
    return stored.is_authorised and stored.hashes == [segment.hash for segment in segments_of(stored)]


def _is_complete(line: Line) -> bool:
    return line["actor_salt"] is not None and line["content_salt"] is not None


def segments_of(stored: ColdStorageFile) -> list[Segment]:
    return list(
        Segment.objects.filter(
            retention=stored.retention, number__range=(stored.first_segment, stored.last_segment)
        ).order_by("number")
    )


def authorised_files() -> list[ColdStorageFile]:
    return [stored for stored in ColdStorageFile.objects.order_by("id") if is_authorised(stored)]


def numbers_in_cold_storage() -> set[int]:
    """Numbers of the segments whose records are in cold storage. Without a key, so for previews alone."""
    return numbers_of(ColdStorageFile.objects.all())


def numbers_of(stored_files: Iterable[ColdStorageFile]) -> set[int]:
    return {segment.number for stored in stored_files for segment in segments_of(stored)}
