"""What came of one schema."""

from __future__ import annotations

from dataclasses import dataclass, field

from .surveying import Schema


@dataclass(frozen=True, slots=True)
class Outcome:
    """One that is gone has neither error nor fingerprint.

    at           the migration that failed, else the last one
    acts_done    of one that failed and is not atomic: how many of its operations are committed
    fingerprint  that it has now; empty where it failed, or is gone
    """

    schema: Schema
    applied: list[str] = field(default_factory=list)
    at: str = ""
    acts_done: int = 0
    error: str = ""
    fingerprint: str = ""
