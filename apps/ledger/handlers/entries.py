"""Entries: drafting, posting, discarding, reversing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.bus import handles
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.ledger import line_rules, reversal_rules, rules
from apps.ledger.commands import BookEntry, DiscardDraft, DraftEntry, PostDraft, PostEntry, ReverseEntry
from apps.ledger.errors import ReasonMissing
from apps.ledger.events import EntryPosted
from apps.ledger.models import Entry, EntryLine
from apps.periods import rules as periods


@handles(PostEntry, emits=(EntryPosted,))
def post_entry(command: PostEntry) -> Entry:
    rules.source_must_not_be_of_document(command.source)
    if existing := rules.fact_must_not_be_posted_with_other_lines(command.source, command.lines):
        return existing
    validated = rules.entry_must_be_complete(command.posted_on, command.journal, command.lines)

    entry = write(command, validated, posted_on=command.posted_on, source=command.source)
    entry.post()

    publish_posted(entry)
    return entry


@handles(DraftEntry)
def draft_entry(command: DraftEntry) -> Entry:
    validated = rules.entry_must_be_valid(command.posted_on, command.journal, command.lines)

    return write(command, validated, posted_on=command.posted_on)


@handles(PostDraft, emits=(EntryPosted,))
def post_draft(command: PostDraft) -> Entry:
    entry = rules.entry_must_be_draft(command.entry_id)
    with together() as validation:
        validation.check(periods.period_must_be_open, entry.period)
        lines = list(entry.lines.all())
        validation.check(line_rules.lines_must_balance, [line.money for line in lines])
        validation.check(
            line_rules.currencies_must_be_valid_on, entry.posted_on, {line.currency for line in lines}
        )

    entry.post()

    publish_posted(entry)
    return entry


@handles(DiscardDraft)
def discard_draft(command: DiscardDraft) -> Entry:
    entry = rules.entry_must_be_draft(command.entry_id)
    rules.draft_must_have_no_attachments(entry)

    EntryLine.objects.filter(entry=entry).delete()
    Entry.objects.filter(pk=entry.pk).delete()
    return entry


@handles(ReverseEntry, emits=(EntryPosted,))
def reverse_entry(command: ReverseEntry) -> Entry:
    entry = reversal_rules.entry_must_be_reversible(command.entry_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(reversal_rules.reversal_must_not_be_earlier, entry, command.posted_on)
        period = validation.check(periods.day_must_be_open, command.posted_on)
    lines = list(entry.lines.select_related("account"))

    reversal = Entry.objects.create(
        journal=entry.journal,
        period=period,
        posted_on=command.posted_on,
        memo=f"Reversal of {entry}: {command.reason}",
        payee=entry.payee,
        reference=entry.reference,
        reversal_of=entry,
        created_at=now(),
    )
    _write_lines(reversal, _negated(lines))
    reversal.post()

    publish_posted(reversal)
    return reversal


def write(
    command: PostEntry | DraftEntry | BookEntry,
    validated: rules.ValidatedEntry,
    *,
    posted_on: dt.date,
    source: str = "",
    occurred_on: dt.date | None = None,
) -> Entry:
    """Writes the draft of an entry with its lines."""
    entry = Entry.objects.create(
        journal=validated.journal,
        period=validated.period,
        posted_on=posted_on,
        occurred_on=occurred_on,
        memo=command.memo,
        payee=command.payee,
        reference=command.reference,
        source=source,
        created_at=now(),
    )
    _write_lines(
        entry,
        [
            EntryLine(
                line_no=number,
                account=validated.accounts[line.account],
                currency=amount.currency.code,
                amount_minor=amount.minor,
                memo=line.memo,
            )
            for number, (line, amount) in enumerate(
                zip(command.lines, validated.amounts, strict=True), start=1
            )
        ],
    )
    return entry


def _write_lines(entry: Entry, lines: Sequence[EntryLine]) -> None:
    for line in lines:
        line.entry = entry
    EntryLine.objects.bulk_create(lines, batch_size=5_000)


def _negated(lines: Sequence[EntryLine]) -> list[EntryLine]:
    """The same lines with opposite signs."""
    return [
        EntryLine(
            line_no=line.line_no,
            account=line.account,
            currency=line.currency,
            amount_minor=-line.amount_minor,
            memo=line.memo,
        )
        for line in lines
    ]


def publish_posted(entry: Entry) -> None:
    publish(
        EntryPosted(
            entry_id=entry.pk,
            journal=entry.journal.code,
            posted_on=entry.posted_on,
            period_id=entry.period_id,
            reverses=entry.reversal_of_id,
        )
    )
