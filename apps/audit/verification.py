"""Verification of the audit log: every row, every link of the chain, and the anchors outside the database.

It detects tampering even by the owner of the tables:

changed   the facts of a row, or the texts that its commitments bind to, differ from the sealed ones
inserted  a segment has more rows than were sealed       deleted  a segment has fewer rows
swapped   two rows exchanged their ids: both are reported as changed
fork      a segment does not follow its predecessor, has an unknown key, or differs from its anchor
cut tail  an anchor names a segment that the database lacks
authorisation  a row of cold storage or of an erasure is not signed by a key, so it excuses nothing
cold storage   a file is missing, or differs from what was sealed

A row that an owner of the tables forged before it was sealed is not detected, so sealing runs often.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

from django.db import connection

from apps.kernel.clock import now
from apps.kernel.db.snapshots import snapshot
from apps.kernel.progress import steps

from . import anchors, chain, cold_storage, erasures, rows
from .chain import Fault
from .keys import keys
from .models import ColdStorageFile, Segment, Verification

MAX_FAULTS = 200
"""Faults that are reported one by one."""


@dataclass
class Result:
    """The result of one verification. `stopped_at` is the last segment that was checked before the time limit, else
    0."""

    segments: int = 0
    records: int = 0
    seconds: float = 0.0
    in_cold_storage: int = 0
    head: str = ""
    deadline: float = math.inf
    stopped_at: int = 0
    faults: list[Fault] = field(default_factory=list)
    files: list[ColdStorageFile] = field(default_factory=list, repr=False)

    @property
    def intact(self) -> bool:
        return not self.faults

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        values = asdict(replace(self, files=[]))
        del values["deadline"], values["files"]
        return {**values, "intact": self.intact, "records_per_second": round(self.rate)}


def verify(
    *,
    witnesses: Iterable[tuple[int, str]] = (),
    after: int = 0,
    at_most: float = math.inf,
) -> Result:
    """Verify the current tenant's audit log. `witnesses` are heads noted elsewhere: (number, hash).

    Every link and authorisation is checked, and the rows and files of segments after number `after`, for at most
    `at_most` seconds.
    """
    begun = time.perf_counter()
    result = Result(deadline=begun + at_most)
    with _snapshot():
        result.faults += islice(_faults(result, [*witnesses], after), MAX_FAULTS)
    for stored in result.files:  # outside the snapshot: files have their current state
        faults = cold_storage.faults_of_erased_texts(stored, erasures.announced)
        result.faults += islice(faults, MAX_FAULTS - len(result.faults))
    result.seconds = time.perf_counter() - begun
    return result


def verify_and_record(at_most: float = math.inf) -> Verification:
    """Verify and store the result, so that the console shows the time and outcome of the last verification.

    A long audit log is verified in several runs: each continues at the segment at which the last one stopped, and
    carries its faults over.
    """
    last = Verification.objects.order_by("-id").first()
    unfinished = last if last and last.stopped_at else None
    result = verify(after=unfinished.stopped_at if unfinished else 0, at_most=at_most)
    faults = [asdict(fault) for fault in result.faults]
    if unfinished:
        faults += [fault for fault in unfinished.faults if fault not in faults]
    return Verification.objects.create(
        at=now(),
        intact=not faults,
        segments=result.segments,
        records=result.records + (unfinished.records if unfinished else 0),
        seconds=result.seconds + (unfinished.seconds if unfinished else 0),
        stopped_at=result.stopped_at,
        faults=faults[:MAX_FAULTS],
    )


@contextmanager
def _snapshot() -> Iterator[None]:
    """One snapshot for the whole verification: a concurrent move to cold storage or erasure must not look like
    tampering."""
    if connection.in_atomic_block:
        yield
        return
    with snapshot():
        yield


def _faults(result: Result, witnesses: Sequence[tuple[int, str]], after: int) -> Iterator[Fault]:
    segments = list(Segment.objects.order_by("number"))
    result.segments, result.head = len(segments), segments[-1].hash if segments else ""
    yield from chain.faults_of_links((segment.link for segment in segments), keys())
    yield from chain.faults_of_heads(
        {segment.number: segment.hash for segment in segments}, [*anchors.heads(), *witnesses]
    )
    yield from cold_storage.faults_of_authorisations()
    yield from erasures.faults_of_authorisations()
    yield from _faults_of_ranges(segments)
    yield from _faults_of_rows(result, [segment for segment in segments if segment.number > after])


def _faults_of_ranges(segments: Iterable[Segment]) -> Iterator[Fault]:
    """Segments of a class adjoin each other: rows in a gap between two segments would never be verified."""
    ends: dict[str, rows.Position] = {}
    for segment in segments:
        if ends.get(segment.retention, rows.BEGINNING) != (segment.after_xid, segment.after_id):
            yield Fault(
                "gap",
                segment.number,
                f"Segment {segment.number} does not begin where the one before it ended.",
            )
        ends[segment.retention] = rows.Position(segment.last_xid, segment.last_id)


def _faults_of_rows(result: Result, segments: Sequence[Segment]) -> Iterator[Fault]:
    authorised, allowed = cold_storage.authorised_files(), erasures.announced()
    in_cold_storage = cold_storage.numbers_of(authorised)
    files = {stored.first_segment: stored for stored in authorised}
    for segment in steps(segments, len(segments)):
        if stored := files.get(segment.number):
            result.files.append(stored)
            yield from cold_storage.faults_of_content(stored)
        if segment.number in in_cold_storage:
            result.in_cold_storage += 1
            yield from _faults_of_emptied(segment)
        else:
            yield from _faults_of_segment(result, segment, allowed)
        if time.perf_counter() > result.deadline and segment is not segments[-1]:
            result.stopped_at = segment.number
            return


def _faults_of_emptied(segment: Segment) -> Iterator[Fault]:
    left = sum(1 for _ in rows.of_segment(segment))
    if left not in (0, segment.records):  # in cold storage and not dropped yet is valid
        yield Fault(
            "inserted", segment.number, f"Segment {segment.number} is in cold storage and has {left} rows."
        )


def _faults_of_segment(result: Result, segment: Segment, allowed: erasures.Announced) -> Iterator[Fault]:
    digests = []
    for row in rows.of_segment(segment):
        digests.append(rows.digest_of(row))
        for part in rows.broken_commitments(row):
            yield Fault(
                "changed", segment.number, f"Record {row.id}: {_TEXTS[part]} is not what was written."
            )
        for part in rows.erased_texts(row):
            if row.id not in allowed[part]:
                yield Fault("changed", segment.number, f"Record {row.id} lost its texts without an erasure.")
    result.records += len(digests)
    if len(digests) != segment.records:
        kind = "inserted" if len(digests) > segment.records else "deleted"
        sentence = (
            f"Segment {segment.number} was sealed with {segment.records} records and has {len(digests)}."
        )
        yield Fault(kind, segment.number, sentence)
    elif chain.records_hash(digests) != segment.records_hash:
        yield Fault(
            "changed", segment.number, f"The records of segment {segment.number} are not those sealed."
        )


_TEXTS = {"actor": "the actor and the sentence", "content": "the request and the changes"}
