"""Days, lines and entries, as tests write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from apps.kernel.clock import today
from apps.ledger.commands import Line, PostEntry

YEAR = today().year
JAN_9 = dt.date(YEAR, 1, 9)
FEB_9 = dt.date(YEAR, 2, 9)
SUITE = Path(__file__).resolve().parents[3] / "shared" / "suites" / "ledger"


def line(account: str, amount: str, currency: str = "USD") -> Line:
    return Line(account=account, currency=currency, amount=Decimal(amount))


def sale(amount: str = "10.00", posted_on: dt.date = JAN_9, currency: str = "USD") -> PostEntry:
    """Cash against sales."""
    return entry(line("1000", amount, currency), line("4000", f"-{amount}", currency), posted_on=posted_on)


def entry(*lines: Line, posted_on: dt.date = JAN_9, memo: str = "A sale") -> PostEntry:
    return PostEntry(posted_on=posted_on, memo=memo, lines=lines)
