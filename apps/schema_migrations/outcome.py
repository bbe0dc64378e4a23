"""The outcome of migrating one schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .discovery import Schema


class Status(StrEnum):
    """GONE: the schema was dropped, claimed or moved; a later pass finds it under its new name or database."""

    MIGRATED = "migrated"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A schema that is gone has neither an error nor a fingerprint.

    at               the migration that failed, else the last one
    operation_count  committed operations of a non-atomic migration that failed
    fingerprint      after the migrations; empty if one failed or the schema is gone
    """

    schema: Schema
    applied: list[str] = field(default_factory=list)
    at: str = ""
    operation_count: int = 0
    error: str = ""
    fingerprint: str = ""

    @property
    def status(self) -> Status:
        if self.error:
            return Status.FAILED
        return Status.MIGRATED if self.fingerprint else Status.GONE
