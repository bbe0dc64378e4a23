"""Figures of commands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Outcomes and durations of commands; they add up over commands, minutes and tenants.

    refused  by a rule or a permission
    failed   by an internal error
    """

    succeeded: int = 0
    repeated: int = 0
    refused: int = 0
    failed: int = 0
    total_us: int = 0
    max_us: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            succeeded=self.succeeded + other.succeeded,
            repeated=self.repeated + other.repeated,
            refused=self.refused + other.refused,
            failed=self.failed + other.failed,
            total_us=self.total_us + other.total_us,
            max_us=max(self.max_us, other.max_us),
        )

    @property
    def commands(self) -> int:
        return self.succeeded + self.repeated + self.refused + self.failed

    @property
    def mean_ms(self) -> float:
        return self.total_us / self.commands / 1000 if self.commands else 0.0

    @property
    def max_ms(self) -> float:
        return self.max_us / 1000
