"""`manage.py trial_balance SLUG`: opening, debit, credit and closing balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.console.terminal import Output
from apps.kernel.csv_lines import csv_lines
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.ledger import queries
from apps.ledger.queries import TrialBalanceRow
from apps.tenancy.command_line import TenantCommand

COLUMNS = tuple(field.name for field in fields(TrialBalanceRow))


class Command(TenantCommand):
    help = "The trial balance of all posted entries, by month or in total, for each account and currency."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--by", choices=("month", "total"), default="month")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="Write the rows to FILE as CSV.")

    def run_for_tenant(self, **options: Any) -> Output:
        rows = queries.trial_balance(by=options["by"])
        data = {"by": options["by"], "rows": [asdict(row) for row in rows]}
        if file := options["csv"]:
            _write(file, rows)
            return Output(f"Wrote {len(rows)} rows to {file}.", data)
        return Output(_table(rows), data)


def _write(file: Path, rows: Sequence[TrialBalanceRow]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            opened.writelines(csv_lines(COLUMNS, map(astuple, rows)))
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written: {error.strerror}.", returncode=EXIT_CODE_WRONG_USAGE
        ) from error


def _table(rows: Sequence[TrialBalanceRow]) -> str:
    """An aligned table: text to the left, numbers to the right."""
    cells = [COLUMNS, *(tuple(str(value) for value in astuple(row)) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    first_number = COLUMNS.index("opening")
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < first_number else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
