"""Compares what was counted with what is committed, and lowers what is committed."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .sources import Hit

FILE = Path(__file__).parents[1] / "ratchets.json"

Counts = Mapping[str, Mapping[str, int]]
"""Per ratchet and area; what is zero has no entry."""


class WouldGrow(Exception):
    """Counts that are higher than the committed ones are not written."""

    def __init__(self, differences: "list[Difference]") -> None:
        super().__init__(differences)
        self.differences = differences


@dataclass(frozen=True)
class Difference:
    ratchet: str
    area: str
    counted: int
    committed: int

    @property
    def is_growth(self) -> bool:
        return self.counted > self.committed

    def __str__(self) -> str:
        advice = (
            "remove what was added"
            if self.is_growth
            else "record it with --write, so that it cannot grow again"
        )
        return f"{self.ratchet} in {self.area}: {self.counted}, committed {self.committed}: {advice}"


def counted(hits: Mapping[str, Iterable[Hit]]) -> Counts:
    return {ratchet: Counter(hit.area for hit in of_ratchet) for ratchet, of_ratchet in hits.items()}


def committed(file: Path = FILE) -> Counts:
    counts: Counts = json.loads(file.read_text()) if file.exists() else {}
    return counts


def differences(now: Counts, before: Counts) -> list[Difference]:
    return [
        Difference(ratchet, area, now[ratchet].get(area, 0), before.get(ratchet, {}).get(area, 0))
        for ratchet in now
        for area in sorted({*now[ratchet], *before.get(ratchet, {})})
        if now[ratchet].get(area, 0) != before.get(ratchet, {}).get(area, 0)
    ]


def moved(now: Counts, before: Counts, old: str, new: str) -> Counts:
    """`before`, with what `old` no longer contains carried over to `new`. No sum grows."""
    carried = {}
    for ratchet, areas in before.items():
        freed = max(areas.get(old, 0) - now.get(ratchet, {}).get(old, 0), 0)
        carried[ratchet] = {**areas, old: areas.get(old, 0) - freed, new: areas.get(new, 0) + freed}
    return carried


def write(now: Counts, before: Counts, file: Path = FILE) -> None:
    """Raises WouldGrow, and then writes nothing."""
    if growth := [difference for difference in differences(now, before) if difference.is_growth]:
        raise WouldGrow(growth)
    file.write_text(json.dumps(_without_zeros(now), indent=2, sort_keys=True) + "\n")


def _without_zeros(counts: Counts) -> Counts:
    areas = {ratchet: {area: n for area, n in by_area.items() if n} for ratchet, by_area in counts.items()}
    return {ratchet: by_area for ratchet, by_area in areas.items() if by_area}
