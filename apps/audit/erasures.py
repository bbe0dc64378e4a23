"""Erasures: each leaves a signed row with the ids of what it erased, on which verification relies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from apps.kernel.clock import now

from . import chain
from .chain import Fault
from .models import Erasure, Segment

Announced = dict[str, set[int]]
"""By part ("actor", "content"): ids of records that may lack these texts."""


def authorise(actor: Collection[int], content: Collection[int], versions: list[dict[str, str]]) -> Erasure:
    """Writes the signed row of the erasure. Raises AuditKeyMissing.

    actor, content   ids of the records that lose these texts
    versions         versions of master data: table, field and ids
    """
    head = Segment.objects.order_by("-number").first()
    erasure = Erasure(
        at=now(),
        actor=as_ranges(actor),
        content=as_ranges(content),
        versions=versions,
        head_number=head.number if head else 0,
        head_hash=head.hash if head else chain.NOTHING_BEFORE,
    )
    erasure.sign()
    erasure.save(force_insert=True)
    return erasure


def announced() -> Announced:
    """From the rows of authorised erasures."""
    known: Announced = {"actor": set(), "content": set()}
    for erasure in Erasure.objects.all():
        if _is_authorised(erasure):
            known["actor"].update(ids_in(erasure.actor))
            known["content"].update(ids_in(erasure.content))
    return known


def faults_of_authorisations() -> Iterator[Fault]:
    """Rows that are not signed, or are signed for another audit log."""
    for erasure in Erasure.objects.order_by("id"):
        if not _is_authorised(erasure):
            yield Fault("authorisation", 0, f"Erasure {erasure.pk} is not authorised by a key.")


def _is_authorised(erasure: Erasure) -> bool:
    return erasure.is_authorised and _is_of_this_chain(erasure)


def _is_of_this_chain(erasure: Erasure) -> bool:
    if erasure.head_number == 0:
        return erasure.head_hash == chain.NOTHING_BEFORE
    return Segment.objects.filter(number=erasure.head_number, hash=erasure.head_hash).exists()


def as_ranges(ids: Collection[int]) -> str:
    """ "3-5,9": the form in which a record lists ids."""
    parts: list[list[int]] = []
    for id_ in sorted(ids):
        if parts and parts[-1][1] == id_ - 1:
            parts[-1][1] = id_
        else:
            parts.append([id_, id_])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def ids_in(ranges: str) -> Iterable[int]:
    for part in ranges.split(","):
        if part:
            low, _, high = part.partition("-")
            yield from range(int(low), int(high or low) + 1)
