"""Importing a journal file: it is checked and staged here, and a job posts its entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from apps.bus import dispatch, handles
from apps.jobs.models import Run
from apps.jobs.starting import start
from apps.kernel.clock import now
from apps.kernel.errors import raise_all
from apps.kernel.reasons import reason_must_be_given
from apps.ledger import import_rules as rules
from apps.ledger.commands import DiscardImport, ImportJournal, OpenAccount
from apps.ledger.errors import ReasonMissing
from apps.ledger.import_accounts import ImportAccounts
from apps.ledger.import_identity import digest_of_file_entry
from apps.ledger.import_models import JournalImport, StagedEntry
from apps.ledger.import_plan import ImportPlan, plan_of
from apps.ledger.jobs import PostImport
from apps.ledger.journal_file import FileEntry
from apps.ledger.models import Account
from apps.periods.commands import AddFiscalYear


@handles(ImportJournal)
def import_journal(command: ImportJournal) -> JournalImport:
    rules.no_other_import_must_begin()
    plan = plan_of(command)
    raise_all(plan.refusals)

    for account in plan.accounts.opened:
        dispatch(OpenAccount(code=account.code, name=account.name, type=account.type))
    for year in plan.years:
        dispatch(AddFiscalYear(year=year))
    return _stage(plan, command)


@handles(DiscardImport)
def discard_import(command: DiscardImport) -> JournalImport:
    reason_must_be_given(command.reason, ReasonMissing)
    record = rules.import_must_have_entries(command.import_id)

    StagedEntry.objects.filter(journal_import=record).delete()
    return record


def _stage(plan: ImportPlan, command: ImportJournal) -> JournalImport:
    """The entries, and the job that posts them."""
    run: Run | None = start(PostImport, file=command.name, entries=len(plan.new)) if plan.new else None
    record = JournalImport.objects.create(
        sha256=hashlib.sha256(command.journal.encode()).hexdigest(),
        name=command.name,
        entries=len(plan.new),
        lines=plan.lines,
        known=len(plan.known),
        job_id=run.pk if run else None,
        imported_at=now(),
    )
    if plan.accounts.opened:
        plan.accounts.ids |= dict(Account.objects.values_list("code", "pk"))
    StagedEntry.objects.bulk_create(_staged(record, plan.new, plan.accounts), batch_size=1_000)
    return record


def _staged(
    record: JournalImport, entries: Iterable[FileEntry], accounts: ImportAccounts
) -> Iterable[StagedEntry]:
    for entry in entries:
        yield StagedEntry(
            journal_import=record,
            row=entry.row,
            number=entry.number,
            digest=digest_of_file_entry(entry, accounts) or "",
            posted_on=entry.posted_on,
            payee=entry.payee,
            narration=entry.narration,
            lines=[
                [accounts.code_of(line.account), line.money.currency.code, str(line.money.amount)]
                for line in entry.lines
            ],
        )
