"""Entries that are imported again: by number, day and lines, whatever the file; without a number by day and lines."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connections, transaction

from apps.bus import dispatch
from apps.jobs import running
from apps.jobs.models import Run
from apps.kernel.files.store import files
from apps.ledger import import_rules, queries
from apps.ledger.commands import DiscardImport, ExportJournal, ImportJournal, OpenAccount
from apps.ledger.import_errors import ImportEntriesChanged, ImportEntriesRepeated, ImportEntriesWaiting
from apps.ledger.import_models import ImportedEntry, JournalImport, StagedEntry
from apps.ledger.models import Entry
from tests.support.books import JAN_9
from tests.support.imports import HEADER, imported, journal
from tests.support.threads import together

T1 = (
    f"T1,{JAN_9},City cabs,to the fair,1,Rent,USD,18.00",
    f"T1,{JAN_9},City cabs,to the fair,2,Cash,USD,-18.00",
)
T2 = (f"T2,{JAN_9},City cabs,back,1,Rent,USD,9.00", f"T2,{JAN_9},City cabs,back,2,Cash,USD,-9.00")
WITHOUT = tuple(row.removeprefix("T1") for row in T1)


def counts(record):
    return record.entries, record.known, Entry.objects.posted().count()


def text(*rows, before="", after=""):
    return ImportJournal(name="t.csv", journal="\n".join([f"{before}{HEADER}", *rows]) + f"\n{after}")


def test_overlapping_files_post_each_entry_once(chart, controller):
    files_in_order = (
        text(*T1),
        text(*T1, before="\ufeff"),
        text(*T1, after="\n"),
        text(T1[1].replace(",2,", ",1,"), T1[0].replace(",1,", ",2,")),
        text(*(row.replace("to the fair", "fair").replace("Cash", "1000") for row in T1)),
        text(*T1, *T2),
    )

    outcomes = [counts(imported(command, controller)) for command in files_in_order]

    assert outcomes == [(1, 0, 1), (0, 1, 1), (0, 1, 1), (0, 1, 1), (0, 1, 1), (1, 1, 2)]
    [rent] = [row.closing for row in queries.trial_balance(by="total") if row.code == "5000"]
    assert rent == 27


@pytest.mark.parametrize(
    "rows",
    [
        [row.replace("18.00", "19.00") for row in T1],
        [row.replace(str(JAN_9), str(JAN_9 + dt.timedelta(days=1))) for row in T1],
        [row.replace("Rent", "Loans") for row in T1],
        [row.replace("USD", "EUR") for row in T1],
    ],
    ids=["amount", "day", "account", "currency"],
)
def test_a_changed_entry_with_a_known_number_is_refused_by_row(chart, controller, rows):
    imported(text(*T1), controller)

    with pytest.raises(
        ImportEntriesChanged, match=r"1 entries .* row 4: entry T1 is in the books with another day"
    ):
        dispatch(text(*T2, *rows), actor=controller)
    assert Entry.objects.count() == 1


def test_a_changed_entry_is_posted_once_when_repeated_entries_are_allowed(chart, controller):
    imported(text(*T1), controller)
    rows = [row.replace("18.00", "19.00") for row in T1]

    outcomes = [counts(imported(journal(*rows, allow_repeated=True), controller)) for _ in range(2)]

    assert outcomes == [(1, 0, 2), (0, 1, 2)]


def test_equal_entries_without_a_number_are_posted_from_one_file_then_refused(chart, controller):
    first = counts(imported(text(*WITHOUT, *WITHOUT), controller))

    with pytest.raises(
        ImportEntriesRepeated, match=r"1 entries without a number .* row 4: an equal entry was"
    ):
        dispatch(text(*(row.removeprefix("T2") for row in T2), *WITHOUT), actor=controller)
    allowed = counts(imported(journal(*WITHOUT, allow_repeated=True), controller))

    assert (first, allowed) == ((2, 0, 2), (1, 0, 3))


def test_a_file_without_the_column_of_numbers_is_imported(chart, controller):
    header, rows = HEADER.removeprefix("entry_no,"), [row.removeprefix("T1,") for row in T1]

    assert counts(imported(journal(*rows, header=header), controller)) == (1, 0, 1)


def test_an_exported_journal_is_known(chart, controller):
    dispatch(OpenAccount(code="=1+1", name='=HYPERLINK("x")', type="expense"), actor=controller)
    imported(text(*T1, *(row.replace("Rent", "'=1+1") for row in T2)), controller)
    run = dispatch(ExportJournal(), actor=controller)
    running.run_slice(run.pk)
    with files().open(Run.objects.get(pk=run.pk).result) as content:
        exported = content.read().decode()

    assert "'=1+1" in exported
    assert counts(imported(ImportJournal(name="e.csv", journal=exported), controller)) == (0, 2, 2)
    with pytest.raises(ImportEntriesChanged, match="row 2: entry GEN-"):
        dispatch(ImportJournal(name="e.csv", journal=exported.replace("18.00", "17.00")), actor=controller)


def test_concurrent_imports_of_a_file_post_its_entries_once(chart, controller, acme):
    outcomes = together(4, lambda: dispatch(text(*WITHOUT), actor=controller), acme)

    records = [outcome for outcome in outcomes if isinstance(outcome, JournalImport)]
    refusals = [outcome for outcome in outcomes if not isinstance(outcome, JournalImport)]
    assert (len(records), {type(refusal) for refusal in refusals}) == (1, {ImportEntriesWaiting})
    assert StagedEntry.objects.count() == 1


def test_concurrent_imports_of_a_file_without_the_lock_post_its_entries_again(
    chart, controller, acme, monkeypatch
):
    """The control. Numbered entries are still posted once, by the constraint."""
    monkeypatch.setattr(import_rules, "no_other_import_must_begin", lambda: None)

    together(4, lambda: dispatch(text(*WITHOUT), actor=controller), acme)
    together(4, lambda: dispatch(text(*T1), actor=controller), acme)

    assert StagedEntry.objects.filter(number="").count() > 1
    assert StagedEntry.objects.filter(number="T1").count() == 1


def test_entries_of_an_unfinished_import_are_refused_until_they_are_discarded(chart, controller):
    record = dispatch(text(*T1), actor=controller)

    with pytest.raises(ImportEntriesWaiting, match="row 2: entry T1 is not posted yet"):
        dispatch(text(*T1), actor=controller)
    dispatch(DiscardImport(import_id=record.pk, reason="A wrong file"), actor=controller)
    running.run_slice(record.job_id)

    assert (Entry.objects.count(), Run.objects.get(pk=record.job_id).state) == (0, Run.State.DONE)
    assert counts(imported(text(*T1), controller)) == (1, 0, 1)


STATEMENTS = (
    "UPDATE ledger_importedentry SET digest = 'x'",
    "DELETE FROM ledger_importedentry",
    "TRUNCATE ledger_importedentry",
    "UPDATE ledger_journalimport SET known = 9",
    "DELETE FROM ledger_journalimport",
    "UPDATE ledger_stagedentry SET narration = 'x'",
    "TRUNCATE ledger_stagedentry",
)


def test_raw_changes_of_imports_are_refused_for_the_runtime_as_for_the_owner(chart, controller, acme):
    imported(text(*T1), controller)
    dispatch(text(*T2), actor=controller)
    again = (
        "INSERT INTO ledger_importedentry (journal_import_id, row, number, digest, entry_id)"
        " SELECT journal_import_id, 9, number, digest, entry_id + 1 FROM ledger_importedentry"
    )

    for name in ("default", "owner"):
        for statement in STATEMENTS:
            with (
                pytest.raises(DatabaseError),
                transaction.atomic(using=name),
                connections[name].cursor() as cursor,
            ):
                cursor.execute(statement)
    with (
        pytest.raises(DatabaseError, match="ledger_imported_entry_once"),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute(again)
    assert ImportedEntry.objects.count() == 1
