"""The template of a journal to import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from apps.kernel.csv_lines import csv_lines

from .journal_file import JOURNAL

LINES = ((1, "Assets:Bank", "1500.00"), (2, "Income:Sales", "-1500.00"))
"""Number, account and amount. The accounts are opened by their names."""


def template(day: dt.date) -> Iterator[str]:
    """The lines of a CSV file with an entry of that day."""
    return csv_lines(
        JOURNAL,
        (
            ("1", day, "Example customer", "Example sale", number, account, "EUR", amount)
            for number, account, amount in LINES
        ),
    )
