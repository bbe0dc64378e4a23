"""Bucketers: stable functions from a unit (a user, company, tenant) to a part of a whole.

A bucketer never changes in place, since that would give units other variants: a change is a new name in `BUCKETERS`.
The flag's document names the bucketer that its units were placed with.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Protocol

import mmh3

BUCKETS = 100_000  # steps of 0.001 %
PER_PERCENT = BUCKETS // 100


class Bucketer(Protocol):
    """`seed` is 0 unless the document names one. A unit is text; bucketers that treat a missing unit get no call."""

    def gate(self, salt: str, percentage: float, seed: int) -> Callable[[str], bool]:
        """Whether a unit is inside the percentage."""
        ...

    def chooser(self, salt: str, weights: Sequence[float], seed: int) -> Callable[[str], int | None]:
        """The index of the weight that a unit falls into; None if there is none, as with weights of zero."""
        ...

    def bucket(self, salt: str, unit: str, seed: int) -> int:
        """The bucket of a unit, for explanations."""
        ...


class Bursar1:
    """murmur3-32 of `salt:unit`, in 100,000 buckets. A unit inside a percentage is inside every larger one.

    The buckets are ordered by their last two digits first: so a whole percentage holds the units that `flexibleRollout`
    of Unleash holds with the salt as its group, and clients of Unleash evaluate the same (exporters/).
    """

    def gate(self, salt: str, percentage: float, seed: int) -> Callable[[str], bool]:
        limit = limit_of(percentage)
        return lambda unit: self.bucket(salt, unit, seed) < limit

    def chooser(self, salt: str, weights: Sequence[float], seed: int) -> Callable[[str], int | None]:
        total = sum(weights)
        if total <= 0:
            return lambda unit: None
        limits = [round(part * BUCKETS / total) for part in accumulate(weights)]
        return lambda unit: bisect_right(limits, self.bucket(salt, unit, seed))

    def bucket(self, salt: str, unit: str, seed: int) -> int:
        rest, hundredth = divmod(mmh3.hash(f"{salt}:{unit}", seed, False) % BUCKETS, 100)
        return hundredth * PER_PERCENT + rest


def limit_of(percentage: float) -> int:
    """The number of buckets inside a percentage."""
    return round(percentage * BUCKETS / 100)


NATIVE = "bursar-1"
BUCKETERS: dict[str, Bucketer] = {NATIVE: Bursar1()}
