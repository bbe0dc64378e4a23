"""What has happened in the ledger."""

import datetime as dt
from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class EntryPosted(Event):
    """An entry is in the books. `journal` is its journal's code; `reverses` the entry it takes back, if any."""

    name = "entry.posted"

    entry_id: int
    journal: str
    posted_on: dt.date
    period_id: int
    reverses: int | None = None

    @property
    def aggregate(self) -> str:
        return f"entry:{self.entry_id}"
