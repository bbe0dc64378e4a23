"""Events of periods."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class FiscalYearAdded(Event):
    """A fiscal year and its periods were added."""

    name = "fiscal_year.added"

    year_id: int
    code: str

    @property
    def aggregate(self) -> str:
        return f"fiscal_year:{self.year_id}"


@dataclass(frozen=True, kw_only=True)
class PeriodClosed(Event):
    """A period was closed. No entry can be posted into it."""

    name = "period.closed"

    period_id: int
    code: str

    @property
    def aggregate(self) -> str:
        return f"period:{self.period_id}"
