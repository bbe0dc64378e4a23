"""`manage.py import_journal SLUG FILE`: post all entries of a CSV file, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.bus import dispatch, dry_run
from apps.console.terminal import SHELL, Output
from apps.kernel.errors import together
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.ledger.commands import ImportJournal
from apps.ledger.journal_file import read_journal
from apps.ledger.models import JournalImport
from apps.tenancy.command_line import TenantCommand

CHART = "accounts.csv"


class Command(TenantCommand):
    help = (
        "Post all entries of FILE, or none. Its columns: entry_no, date, payee, narration, line_no, account (a code or"
        f" a name), currency, amount. Missing accounts are opened from {CHART} (code, name, type) in the same folder."
    )

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="A CSV file in UTF-8.")
        parser.add_argument(
            "--create-accounts",
            action="store_true",
            help="Open missing accounts, with the type given by the first part of the name (Assets:…, Expenses:…).",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Validate the import and roll it back; report all refusals.",
        )

    def run_for_tenant(self, **options: Any) -> Output:
        command = _command(options["file"], create_accounts=options["create_accounts"])
        return _dry_run(command) if options["dry_run"] else _import(command)


def _command(file: Path, *, create_accounts: bool) -> ImportJournal:
    chart = file.with_name(CHART)
    return ImportJournal(
        name=file.name,
        journal=_text(file),
        accounts=_text(chart) if chart.exists() and chart != file else "",
        create_accounts=create_accounts,
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", returncode=EXIT_CODE_WRONG_USAGE
        ) from error
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{file} is not UTF-8: {error.reason}.", returncode=EXIT_CODE_WRONG_USAGE
        ) from error


def _dry_run(command: ImportJournal) -> Output:
    with together() as validation:
        validation.refusals.extend(dry_run(command, actor=SHELL))
    entries = read_journal(command.journal)
    lines = sum(len(entry.lines) for entry in entries)
    return Output(
        f"Would import {len(entries)} entries with {lines} lines from {command.name}. Nothing was saved.",
        {"dry_run": True, "file": command.name, "entries": len(entries), "lines": lines},
    )


def _import(command: ImportJournal) -> Output:
    record: JournalImport = dispatch(command, actor=SHELL)
    return Output(
        f"Imported {record}.",
        {
            "dry_run": False,
            "file": record.name,
            "sha256": record.sha256,
            "entries": record.entries,
            "lines": record.lines,
        },
    )
