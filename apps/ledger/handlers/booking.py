"""Booking of what has occurred already: never refused because its day is closed."""

from __future__ import annotations

import datetime as dt

from apps.bus import dispatch, handles
from apps.kernel.actors import System
from apps.ledger import rules
from apps.ledger.commands import BookEntry
from apps.ledger.events import EntryPosted
from apps.ledger.models import Entry
from apps.periods import queries as periods
from apps.periods import rules as period_rules
from apps.periods.commands import ExtendCalendar

from .entries import publish_posted, write

LEDGER_SYSTEM = System("System (ledger)")


@handles(BookEntry, emits=(EntryPosted,))
def book_entry(command: BookEntry) -> Entry:
    if existing := rules.fact_must_not_be_posted_with_other_lines(command.source, command.lines):
        return existing
    day = _open_day(command.occurred_on)
    validated = rules.entry_must_be_complete(
        day, command.journal, command.lines, command.occurred_on, command.settles
    )

    late = command.occurred_on if day != command.occurred_on else None
    entry = write(command, validated, posted_on=day, source=command.source, occurred_on=late)
    entry.post()

    publish_posted(entry)
    return entry


def _open_day(occurred_on: dt.date) -> dt.date:
    """The first open day, in a period that stays open until the transaction ends. Adds its fiscal year if missing."""
    while True:
        day = period_rules.open_day_must_exist(occurred_on)
        period = periods.period_of(day)
        if period is None:
            dispatch(ExtendCalendar(until=day), actor=LEDGER_SYSTEM)
            continue
        period.hold_open()
        if period.is_open:
            return day
