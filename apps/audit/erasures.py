"""Authorised erasures: each leaves a record with the ids of the erased records, on which verification relies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from . import chain, cold_storage
from .models import Record
from .retention import ERASURE

Announced = dict[str, set[int]]
"""By part ("actor", "content"): ids of records that may lack these texts."""


def announced() -> Announced:
    """From the records of erasures, in the database and in cold storage."""
    known: Announced = {"actor": set(), "content": set()}
    for changes in _erasures():
        for change in changes:
            if change["object"] == "audit.record" and change["field"] in known:
                known[change["field"]].update(ids_in(str(change["after"])))
    return known


def _erasures() -> Iterator[list[dict[str, object]]]:
    yield from Record.objects.filter(command=ERASURE, outcome="done").values_list("changes", flat=True)
    for row in cold_storage.records_in_cold_storage(ERASURE):
        yield chain.read(row["content"])[1] if row["content"] else []


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
