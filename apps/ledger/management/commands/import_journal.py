"""`manage.py import_journal SLUG FILE`: check a CSV file as a whole, and post its entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.bus import dispatch, dry_run
from apps.console.terminal import SHELL, Output
from apps.jobs import foreground
from apps.jobs.models import Run
from apps.kernel.errors import raise_all
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.ledger import queries
from apps.ledger.commands import ImportJournal
from apps.ledger.csv_rows import decoded
from apps.ledger.import_errors import ImportUnfinished
from apps.ledger.import_models import JournalImport
from apps.ledger.import_plan import ImportPlan, plan_of
from apps.ledger.journal_file import CHART
from apps.tenancy.command_line import TenantCommand


class Command(TenantCommand):
    help = (
        "Post the entries of FILE that are not in the books yet. Its columns: entry_no, date, payee, narration,"
        " line_no, account (a code or a name), currency, amount. Missing accounts are opened from"
        f" {CHART} (code, name, type) in the same folder."
    )

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="A CSV file in UTF-8.")
        parser.add_argument(
            "--create-accounts",
            action="store_true",
            help="Open missing accounts, with the type given by the first part of the name (Assets:…, Expenses:…).",
        )
        parser.add_argument(
            "--allow-repeated",
            action="store_true",
            help="Post entries that have the number of an entry in the books and other lines, and entries without a"
            " number that were imported before.",
        )
        parser.add_argument(
            "--allow-distant-years",
            action="store_true",
            help="Post entries with days far from the fiscal years, and add all years between.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Validate the import and roll it back; report all refusals.",
        )

    def run_for_tenant(self, **options: Any) -> Output:
        command = _command(options["file"], **{name: options[name] for name in OPTIONS})
        return _dry_run(command) if options["dry_run"] else _import(command)


OPTIONS = ("create_accounts", "allow_repeated", "allow_distant_years")


def _command(file: Path, **options: bool) -> ImportJournal:
    chart = file.with_name(CHART)
    return ImportJournal(
        name=file.name,
        journal=_text(file),
        accounts=_text(chart, CHART) if chart.exists() and chart != file else "",
        **options,
    )


def _text(file: Path, name: str = "") -> str:
    try:
        return decoded(file.read_bytes(), name)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", returncode=EXIT_CODE_WRONG_USAGE
        ) from error


def _dry_run(command: ImportJournal) -> Output:
    raise_all(dry_run(command, actor=SHELL))
    plan = plan_of(command)
    return Output(f"{_would(command.name, plan)} Nothing was saved.", _planned(command.name, plan))


def _would(name: str, plan: ImportPlan) -> str:
    parts = [
        f"Would import {len(plan.new)} entries with {plan.lines} lines from {name}.",
        f"{_known(len(plan.known))}." if plan.known else "",
        f"Would open {len(plan.accounts.opened)} accounts." if plan.accounts.opened else "",
        f"Would add {len(plan.years)} fiscal years: {min(plan.years)} to {max(plan.years)}."
        if plan.years
        else "",
    ]
    return " ".join(part for part in parts if part)


def _planned(name: str, plan: ImportPlan) -> dict[str, Any]:
    return {
        "dry_run": True,
        "file": name,
        "entries": len(plan.new),
        "lines": plan.lines,
        "known": len(plan.known),
        "accounts": [[account.code, account.name, account.type] for account in plan.accounts.opened],
        "years": sorted(plan.years),
    }


def _import(command: ImportJournal) -> Output:
    record: JournalImport = dispatch(command, actor=SHELL)
    if record.job_id is not None:
        _must_be_posted(record, foreground.finish(record.job_id, items=record.entries))
    return Output(
        _sentence(record),
        {
            "dry_run": False,
            "import": record.pk,
            "file": record.name,
            "sha256": record.sha256,
            "entries": record.entries,
            "lines": record.lines,
            "known": record.known,
        },
    )


def _must_be_posted(record: JournalImport, run: Run) -> None:
    """Raises ImportUnfinished."""
    if waiting := queries.entries_waiting(record):
        raise ImportUnfinished(
            reason=run.last_error or str(run),
            waiting=waiting,
            entries=record.entries,
            import_id=record.pk,
            job_id=run.pk,
        )


def _sentence(record: JournalImport) -> str:
    if not record.entries:
        return f"{_known(record.known)}, none new."
    return f"Imported {record}{f'; {_known(record.known)}' if record.known else ''}."


def _known(count: int) -> str:
    return "1 entry known" if count == 1 else f"{count} entries known"
