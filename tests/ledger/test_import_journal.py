"""Importing a journal from CSV: the file is checked as a whole, and a job posts its entries."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.kernel.tenant import activate
from apps.ledger.commands import ImportJournal
from apps.ledger.import_errors import (
    ImportAccountsUnknown,
    ImportDaysClosed,
    ImportDaysDistant,
    ImportMalformed,
)
from apps.ledger.import_models import JournalImport
from apps.ledger.models import Account, Entry
from apps.periods import queries as periods
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from tests.support.books import JAN_9, SUITE, YEAR
from tests.support.imports import HEADER, imported, journal

EXAMPLE = SUITE / "example_usd"
GOOD = (f"1,{JAN_9},Ann,Lunch,1,5000,USD,12.50", f"1,{JAN_9},Ann,Lunch,2,Cash,USD,-12.50")
needs_suite = pytest.mark.skipif(not EXAMPLE.exists(), reason=f"{EXAMPLE} does not exist")


def refused_rows(command, actor):
    with pytest.raises(ImportMalformed) as caught:
        dispatch(command, actor=actor)
    assert not Entry.objects.exists()
    assert not JournalImport.objects.exists()
    return re.split(r"; (?=row \d)", str(caught.value).removeprefix("The file cannot be imported. "))


def test_accounts_are_matched_by_code_or_name(chart, controller):
    record = imported(journal(*GOOD), controller)

    entry = Entry.objects.get()
    assert [line.account.code for line in entry.lines.select_related("account")] == ["5000", "1000"]
    assert (entry.payee, entry.memo, entry.reference) == ("Ann", "Lunch", "journal.csv 1")
    assert (record.entries, record.lines) == (1, 2)


def test_the_audit_record_of_an_import_has_a_digest_of_the_file(chart, controller):
    command = journal(*GOOD)
    imported(command, controller)

    record = Record.objects.get(command="ledger.import_journal")
    assert record.sentence == f"{controller} imported 1 entries with 2 lines from journal.csv."
    digest = hashlib.sha256(command.journal.encode()).hexdigest()
    assert record.request["journal"] == f"{len(command.journal)} characters, sha256 {digest}"
    assert (
        Record.objects.filter(command="ledger.post_entry", correlation_id=record.correlation_id).count() == 1
    )


def test_all_malformed_rows_are_reported_together(chart, controller):
    rows = refused_rows(
        journal(
            *GOOD,
            "2,2026-02-30,,,1,Cash,USD,1",
            f"2,{JAN_9},,,one,Cash,USD,1.005",
            f"3,{JAN_9},,,1,,USD,0",
            f"3,{JAN_9},,,2,Cash,XXQ,1",
            f"3,{JAN_9},,,2,Cash,USD,ten",
            f"1,{JAN_9},,,2,Cash,USD",
        ),
        controller,
    )

    assert rows == [
        "row 4: date: '2026-02-30' is not a date: write YYYY-MM-DD",
        "row 5: line_no: 'one' is not a number",
        "row 5: amount: USD has 2 decimals, so 1.005 cannot be an amount of it",
        "row 6: account: the cell is empty",
        "row 6: amount: the amount is zero",
        "row 7: currency: 'XXQ' is not an ISO 4217 currency",
        "row 8: amount: 'ten' is not an amount: write digits, “.” for decimals and no grouping, such as 1234.50",
        "row 9: 7 cells, but the header has 8",
    ]


def test_unbalanced_or_scattered_entries_are_refused(chart, controller):
    apart = f"1,{JAN_9},Ann,Lunch,3,Cash,USD,1"
    between = f"2,{JAN_9},,,1,Cash,USD,1"

    assert refused_rows(journal(*GOOD, between), controller) == [
        "row 4: amount: An entry needs at least two lines; this one has 1"
    ]
    assert refused_rows(journal(GOOD[0], f"1,{JAN_9},Ann,Lunch,2,Cash,USD,-12.49"), controller) == [
        "row 2: amount: The entry does not balance in USD: debits and credits differ by 0.01 USD"
    ]
    assert refused_rows(journal(*GOOD, between, apart), controller) == [
        "row 5: entry_no: entry 1 started in row 2; its rows must be consecutive"
    ]
    assert refused_rows(journal(GOOD[0], f"1,{JAN_9},Bob,Dinner,2,Cash,USD,-12.50"), controller) == [
        "row 3: payee: entry 1 has another payee in row 2",
        "row 3: narration: entry 1 has another narration in row 2",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "row 1: missing column date, payee"),
        ("entry_no;date\n1;2", "row 1: the delimiter is ;"),
        (HEADER + '\n1,"2026', "row 2: this is not CSV"),
    ],
)
def test_a_file_that_is_no_journal_is_refused(chart, controller, text, error):
    [row] = refused_rows(ImportJournal(name="x.csv", journal=text), controller)

    assert row.startswith(error)


def test_unknown_accounts_are_listed_up_to_twenty(chart, controller):
    rows = [
        row
        for number in range(1, 16)
        for row in (
            f"{number},{JAN_9},,,1,Unknown {number},USD,1",
            f"{number},{JAN_9},,,2,Elsewhere {number},USD,-1",
        )
    ]

    with pytest.raises(ImportAccountsUnknown) as caught:
        dispatch(journal(*rows), actor=controller)

    sentence = str(caught.value)
    assert sentence.startswith(
        "30 rows refer to unknown accounts. row 2: account: Unknown 1; row 3: account: Elsewhere 1;"
    )
    assert sentence.endswith("row 21: account: Elsewhere 10 and 10 more")


def test_missing_accounts_are_opened_with_the_type_of_their_name(chart, controller):
    dispatch(
        journal(
            f"1,{JAN_9},,,1,Assets:Bank,USD,1",
            f"1,{JAN_9},,,2,Income:Salary,USD,-1",
            f"2,{JAN_9},,,1,Assets:Broker,USD,1",
            f"2,{JAN_9},,,2,Assets:Bank,USD,-1",
            create_accounts=True,
        ),
        actor=controller,
    )

    opened = Account.objects.filter(name__contains=":").values_list("code", "name", "type")
    assert list(opened) == [
        ("10010", "Assets:Bank", "asset"),
        ("10020", "Assets:Broker", "asset"),
        ("40010", "Income:Salary", "income"),
    ]


def test_a_missing_account_without_a_type_in_its_name_is_refused(chart, controller):
    with pytest.raises(ImportAccountsUnknown, match=r"1 rows.*row 3: account: Miscellaneous"):
        dispatch(
            journal(
                f"1,{JAN_9},,,1,Assets:Bank,USD,1",
                f"1,{JAN_9},,,2,Miscellaneous,USD,-1",
                create_accounts=True,
            ),
            actor=controller,
        )
    assert not Account.objects.filter(name="Assets:Bank").exists()


def test_accounts_of_the_chart_are_opened_first(at_acme, controller):
    chart = "code,name,type\n77,Cash,asset\n78,Rent,expense\n"

    dispatch(
        journal(f"1,{JAN_9},,,1,Rent,USD,1", f"1,{JAN_9},,,2,77,USD,-1", accounts=chart), actor=controller
    )

    assert Account.objects.count() == 2


def test_a_chart_with_an_unknown_type_is_refused(at_acme, controller):
    with pytest.raises(ImportMalformed, match=r"accounts.csv, row 2: type: 'cash' is not a type"):
        dispatch(journal(*GOOD, accounts="code,name,type\n77,Cash,cash\n"), actor=controller)


def test_missing_fiscal_years_are_added_without_gaps(chart, controller):
    far = JAN_9.replace(year=YEAR - 3)

    dispatch(
        journal(f"1,{far},,,1,Rent,USD,1", f"1,{far},,,2,Cash,USD,-1", allow_distant_years=True),
        actor=controller,
    )

    assert [year.code for year in periods.years()] == [str(YEAR - n) for n in (3, 2, 1, 0)]


@pytest.mark.parametrize("year", ["0206", "1899", "3000"])
def test_an_entry_in_an_implausible_year_is_refused(chart, controller, year):
    rows = (f"1,{year}-01-09,,,1,Rent,USD,1", f"1,{year}-01-09,,,2,Cash,USD,-1")

    with pytest.raises(ImportDaysDistant, match="row 2: date: fiscal years are between 1900 and 2999"):
        dispatch(journal(*rows, allow_distant_years=True), actor=controller)


def test_an_entry_in_a_closed_period_refuses_all_of_the_file(chart, controller):
    january = Period.objects.get(number=1)
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)
    later = JAN_9.replace(month=2)

    with pytest.raises(ImportDaysClosed, match=r"1 entries.*row 4: date: period .* is closed"):
        dispatch(journal(f"0,{later},,,1,Rent,USD,1", f"0,{later},,,2,Cash,USD,-1", *GOOD), actor=controller)

    assert not Entry.objects.exists()
    assert not JournalImport.objects.exists()


def test_a_dry_run_of_an_import_posts_nothing(chart, controller):
    assert dry_run(journal(*GOOD), actor=controller) == ()

    assert not Entry.objects.exists()


def test_an_import_by_an_accountant_is_denied(chart, accountant):
    with pytest.raises(PermissionDenied):
        dispatch(journal(*GOOD), actor=accountant)


@needs_suite
def test_the_raw_example_is_refused_with_all_unbalanced_entries(at_acme, controller):
    """The data of bean-example: 189 entries are unbalanced or need more than two decimals."""
    command = ImportJournal(
        name="raw_journal.csv", journal=(SUITE / "raw_journal.csv").read_text(), create_accounts=True
    )

    rows = refused_rows(command, controller)

    assert len(rows) > 100


@pytest.mark.exhaustive("a year of entries of another program")
@needs_suite
def test_the_trial_balance_of_the_imported_example_matches(acme, capsys, tmp_path):
    call_command("import_journal", "acme", str(EXAMPLE / "journal.csv"), "--json", "--allow-distant-years")

    response = json.loads(capsys.readouterr().out)
    assert (response["entries"], response["lines"]) == (1121, 3193)
    with activate(acme):
        assert Entry.objects.posted().count() == 1121
    for by in ("month", "total"):
        call_command("trial_balance", "acme", "--by", by, "--csv", str(tmp_path / f"{by}.csv"))
    check = subprocess.run(
        [sys.executable, SUITE / "check_tb.py", EXAMPLE / "tb_monthly.csv", tmp_path / "month.csv"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout


# The management command


@pytest.fixture
def file(tmp_path, chart):
    path = tmp_path / "journal.csv"
    path.write_text("\n".join([HEADER, *GOOD]) + "\n")
    return path


def test_the_command_prints_the_imported_entries(acme, file, capsys, chart):
    with activate(None):
        call_command("import_journal", "acme", str(file))

    assert capsys.readouterr().out == "Imported 1 entries with 2 lines from journal.csv.\n"


def test_a_dry_run_of_the_command_posts_nothing(file, capsys):
    with activate(None):
        call_command("import_journal", "acme", str(file), "--dry-run", "--json")

    response = json.loads(capsys.readouterr().out)
    assert (response["dry_run"], response["entries"], response["lines"]) == (True, 1, 2)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_refused_command_exits_with_code_3(file, capsys, options):
    file.write_text(f"{HEADER}\n1,{JAN_9},,,1,Nowhere,USD,1\n1,{JAN_9},,,2,Cash,USD,-1\n")

    with activate(None), pytest.raises(SystemExit) as exited:
        call_command("import_journal", "acme", str(file), "--json", *options)

    output = capsys.readouterr()
    assert exited.value.code == 3
    assert output.err.startswith("ledger.import_accounts_unknown: 1 rows refer to unknown accounts")
    problem = json.loads(output.out)
    assert (problem["code"], problem["status"]) == ("ledger.import_accounts_unknown", 422)


def test_a_command_for_an_unknown_tenant_is_refused(db, file, capsys):
    with activate(None), pytest.raises(SystemExit) as exited:
        call_command("import_journal", "unknown", str(file))

    assert exited.value.code == 3
    assert capsys.readouterr().err == "tenancy.tenant_unknown: There is no tenant 'unknown'.\n"


def test_a_command_for_a_missing_file_exits_with_code_2(acme, tmp_path):
    with pytest.raises(CommandError) as caught:
        call_command("import_journal", "acme", str(tmp_path / "none.csv"))

    assert caught.value.returncode == 2


def test_several_refusals_are_printed_on_several_lines(at_acme, file, capsys):
    file.write_text(f"{HEADER}\n1,{JAN_9},,,1,Nowhere,USD,1\n1,{JAN_9},,,2,Cash,USD,-1\n")
    file.with_name("accounts.csv").write_text("code,name,type\n1000,Till,asset\n4000,Fees,income\n")

    with activate(None), pytest.raises(SystemExit):
        call_command("import_journal", "acme", str(file))

    assert capsys.readouterr().err.splitlines() == [
        "ledger.import_malformed: The file cannot be imported. accounts.csv, row 2: code: There is already an account"
        " 1000; accounts.csv, row 3: code: There is already an account 4000",
        "ledger.import_accounts_unknown: 1 rows refer to unknown accounts. row 2: account: Nowhere",
    ]
