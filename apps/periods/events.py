"""What has happened to periods."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class YearGenerated(Event):
    """A fiscal year and its periods are there."""

    name = "year.generated"

    year_id: int
    code: str

    @property
    def aggregate(self) -> str:
        return f"fiscal_year:{self.year_id}"


@dataclass(frozen=True, kw_only=True)
class PeriodClosed(Event):
    """Nothing will be posted in the period any more."""

    name = "period.closed"

    period_id: int
    code: str

    @property
    def aggregate(self) -> str:
        return f"period:{self.period_id}"
