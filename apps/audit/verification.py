"""Is the audit log what was sealed? Every row, every link, and the witnesses outside the database.

What it finds, whoever did it, the owner of the tables too:

changed   a row of a segment has other facts, or other texts than its commitment binds to
inserted  a segment has more rows than were sealed       deleted  it has fewer
swapped   rows changed places: both are changed ones
fork      a segment does not follow, is sealed with a key that is not ours, or is not the one that was anchored
cut tail  a witness knows a segment that the database does not

What it cannot find: a row that was forged before it was sealed. Seal often.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from django.db import connection, transaction

from apps.kernel.clock import now
from apps.kernel.progress import steps

from . import anchors, archives, chain, erasures, rows
from .chain import Fault
from .keys import keys
from .models import Segment, Verification

MOST_FAULTS = 200
"""Told one by one; beyond them it is broken, whatever else there is."""


@dataclass
class Found:
    """What a look at the audit log gave. `stopped_at` is the last segment looked into when the time was up, else 0."""

    segments: int = 0
    records: int = 0
    seconds: float = 0.0
    archived: int = 0
    head: str = ""
    until: float = math.inf
    stopped_at: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.faults

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        said = asdict(self)
        del said["until"]
        return {**said, "intact": self.intact, "records_per_second": round(self.rate)}


def verify(
    *,
    witnesses: Iterable[tuple[int, str]] = (),
    with_archives: bool = False,
    after: int = 0,
    at_most: float = math.inf,
) -> Found:
    """Look through the current tenant's audit log. `witnesses` are heads that somebody wrote down: (number, hash).

    Every link is looked at; the rows of segments after number `after` are, for `at_most` seconds. Archived segments
    are checked as links; `with_archives` reads their files as well.
    """
    begun = time.perf_counter()
    found = Found(until=begun + at_most)
    with _one_view():
        found.faults += islice(_faults(found, [*witnesses], after), MOST_FAULTS)
    if with_archives:  # files are as they are now, and no view of the database is
        found.faults += islice(archives.faults_of_files(erasures.announced), MOST_FAULTS - len(found.faults))
    found.seconds = time.perf_counter() - begun
    return found


def verify_and_note(at_most: float = math.inf) -> Verification:
    """For the worker: what was found is kept, so that the console can say when somebody last looked.

    A long audit log is looked through in several goes; a later one goes on where the last one stopped, and says what
    that one found.
    """
    last = Verification.objects.order_by("-id").first()
    goes_on = last if last and last.stopped_at else None
    found = verify(after=goes_on.stopped_at if goes_on else 0, at_most=at_most)
    faults = [asdict(fault) for fault in found.faults]
    if goes_on:
        faults += [fault for fault in goes_on.faults if fault not in faults]
    return Verification.objects.create(
        at=now(),
        intact=not faults,
        segments=found.segments,
        records=found.records + (goes_on.records if goes_on else 0),
        seconds=found.seconds + (goes_on.seconds if goes_on else 0),
        stopped_at=found.stopped_at,
        faults=faults[:MOST_FAULTS],
    )


@contextmanager
def _one_view() -> Iterator[None]:
    """One snapshot for the whole look: what is archived or erased meanwhile must not read as tampering."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # the connection finds its tenant before the transaction begins
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _faults(found: Found, witnesses: Sequence[tuple[int, str]], after: int) -> Iterator[Fault]:
    segments = list(Segment.objects.order_by("number"))
    found.segments, found.head = len(segments), segments[-1].hash if segments else ""
    yield from chain.faults_of_links((segment.link for segment in segments), keys())
    yield from chain.faults_of_heads(
        {segment.number: segment.hash for segment in segments}, [*anchors.heads(), *witnesses]
    )
    yield from _faults_of_places(segments)
    yield from _faults_of_rows(found, [segment for segment in segments if segment.number > after])


def _faults_of_places(segments: Iterable[Segment]) -> Iterator[Fault]:
    """Segments of a class lie side by side: a gap between two of them would be a place where nobody looks."""
    ends: dict[str, rows.Place] = {}
    for segment in segments:
        if ends.get(segment.retention, rows.BEGINNING) != (segment.after_xid, segment.after_id):
            yield Fault(
                "gap",
                segment.number,
                f"Segment {segment.number} does not begin where the one before it ended.",
            )
        ends[segment.retention] = rows.Place(segment.last_xid, segment.last_id)


def _faults_of_rows(found: Found, segments: Sequence[Segment]) -> Iterator[Fault]:
    archived, allowed = archives.archived_numbers(), erasures.announced()
    for segment in steps(segments, len(segments)):
        if segment.number in archived:
            found.archived += 1
            yield from _faults_of_emptied(segment)
        else:
            yield from _faults_of_segment(found, segment, allowed)
        if time.perf_counter() > found.until and segment is not segments[-1]:
            found.stopped_at = segment.number
            return


def _faults_of_emptied(segment: Segment) -> Iterator[Fault]:
    left = sum(1 for _ in rows.of_segment(segment))
    if left not in (0, segment.records):  # archived and not yet dropped is well
        yield Fault("inserted", segment.number, f"Segment {segment.number} is archived and has {left} rows.")


def _faults_of_segment(found: Found, segment: Segment, allowed: erasures.Announced) -> Iterator[Fault]:
    digests = []
    for row in rows.of_segment(segment):
        digests.append(rows.digest_of(row))
        for part in rows.broken_commitments(row):
            yield Fault(
                "changed", segment.number, f"Record {row.id}: {_TEXTS[part]} is not what was written."
            )
        for part in rows.erased_texts(row):
            if row.id not in allowed[part]:
                yield Fault(
                    "changed", segment.number, f"Record {row.id} lost its texts and nobody erased them."
                )
    found.records += len(digests)
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


_TEXTS = {"who": "who it was and the sentence", "what": "what was asked and changed"}
