"""Events of the ledger."""

import datetime as dt
from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class EntryPosted(Event):
    """An entry was posted. `journal` is the code of its journal, `reverses` the id of the entry that it reverses."""

    name = "entry.posted"

    entry_id: int
    journal: str
    posted_on: dt.date
    period_id: int
    reverses: int | None = None

    @property
    def aggregate(self) -> str:
        return f"entry:{self.entry_id}"
