"""Files that are refused by row: their bytes, their shape, their accounts and their days."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.jobs import running
from apps.jobs.commands import RetryJob
from apps.jobs.models import Run
from apps.kernel.tenant import activate
from apps.ledger import csv_rows
from apps.ledger.commands import DeactivateAccount, DiscardImport, OpenAccount
from apps.ledger.import_errors import (
    ImportAccountsWithoutPostings,
    ImportDaysClosed,
    ImportDaysDistant,
    ImportHasNoEntries,
    ImportMalformed,
    ImportNotBookable,
    ImportNotFound,
    ImportTooLarge,
)
from apps.ledger.import_models import JournalImport, StagedEntry
from apps.ledger.import_rules import staged_entries_must_be_bookable
from apps.ledger.jobs import PostImport
from apps.ledger.journal_file import read_journal
from apps.ledger.models import Account, Entry
from apps.periods import queries as periods
from apps.periods.commands import ClosePeriod
from tests.support.books import FEB_9, JAN_9, YEAR
from tests.support.imports import HEADER, imported, journal

N1 = (f"N1,{JAN_9},Cabs,ride,1,Rent,USD,18.00", f"N1,{JAN_9},Cabs,ride,2,Cash,USD,-18.00")

WRITE = "write digits, “.” for decimals and no grouping, such as 1234.50"


def entry(number, day=JAN_9, account="Rent", amount="1.00"):
    return (f"{number},{day},,,1,{account},USD,{amount}", f"{number},{day},,,2,Cash,USD,-{amount}")


def faults_of(rows, header=HEADER, end="\n"):
    with pytest.raises(ImportMalformed) as caught:
        read_journal(end.join([header, *rows]) + end)
    return [str(fault) for fault in caught.value.faults]


def replaced(old, new):
    return [N1[0].replace(old, new, 1), N1[1]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [N1[0], N1[0], N1[1], N1[1]],
            [
                "row 3: line_no: line 1 of entry N1 is already in row 2",
                "row 5: line_no: line 2 of entry N1 is already in row 4",
            ],
        ),
        (
            [N1[0], N1[1].replace(",2,", ",3,")],
            ["row 3: line_no: line 2 of entry N1 is missing before line 3"],
        ),
        (
            [N1[1], N1[0]],
            [
                "row 2: line_no: line 1 of entry N1 is missing before line 2",
                "row 3: line_no: line 1 of entry N1 is out of order",
            ],
        ),
        (replaced(",1,", ",,"), ["row 2: line_no: '' is not a number"]),
        (replaced(",1,", ",0,"), ["row 2: line_no: '0' is not a number"]),
        (replaced(",1,", ",١,"), ["row 2: line_no: '١' is not a number"]),
        (["", *replaced("18.00", "18,00")], ["row 3: 9 cells, but the header has 8"]),
        (
            replaced("18.00", '"18,00"'),
            [f"row 2: amount: '18,00' is not an amount: {WRITE}"],
        ),
        (
            replaced("18.00", "1e2"),
            [f"row 2: amount: '1e2' is not an amount: {WRITE}"],
        ),
        (
            replaced("18.00", "18.001"),
            ["row 2: amount: USD has 2 decimals, so 18.001 cannot be an amount of it"],
        ),
        (replaced("USD", "usd"), ["row 2: currency: 'usd' is not an ISO 4217 currency"]),
        (
            replaced(str(JAN_9), f"{JAN_9:%Y%m%d}"),
            [f"row 2: date: '{JAN_9:%Y%m%d}' is not a date: write YYYY-MM-DD"],
        ),
        (replaced(str(JAN_9), "2026-02-30"), ["row 2: date: '2026-02-30' is not a date: write YYYY-MM-DD"]),
        (
            replaced("Cabs", "C" * 201),
            [
                "row 2: payee: 201 characters, and 200 are allowed",
                "row 3: payee: entry N1 has another payee in row 2",
            ],
        ),
        (replaced("N1", "N" * 121), ["row 2: entry_no: 121 characters, and 120 are allowed"]),
        (replaced("ride", '"ride'), ["row 2: this is not CSV: unexpected end of data"]),
        (replaced("ride", '"ri"de'), ["row 2: this is not CSV: ',' expected after '\"'"]),
        ([], ["row 1: there is no entry below the header"]),
        ([",,,,,,,"], ["row 1: there is no entry below the header"]),
    ],
)
def test_a_malformed_row_is_refused_with_its_number_and_column(rows, expected):
    assert faults_of(rows) == expected


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\u0085\x01", "\ud800", "\ufffe", "\ue000"])
def test_a_character_of_no_text_is_refused_with_its_row_and_column(character):
    [fault] = faults_of(replaced("ride", f"ri{character}de"))

    assert fault.startswith("row 2: narration: narration contains the character U+")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HEADER.replace(",", ";"), ["row 1: the delimiter is ;: separate cells by commas"]),
        (HEADER.replace(",", "\t"), ["row 1: the delimiter is TAB: separate cells by commas"]),
        (HEADER.replace("amount", "betrag"), ["row 1: missing column amount"]),
        (f'"{HEADER}', ["row 1: this is not CSV: unexpected end of data"]),
        (HEADER + ",currency", ["row 1: repeated column currency"]),
        (
            HEADER + ",tax",
            [
                "row 1: unknown column tax",
                "row 2: 8 cells, but the header has 9",
                "row 3: 8 cells, but the header has 9",
            ],
        ),
    ],
)
def test_a_wrong_header_is_refused_as_row_1(header, expected):
    assert faults_of(N1, header) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_with_quoted_line_breaks_counts_rows_as_a_spreadsheet(end):
    rows = [f'N1,{JAN_9},Cabs,"a{end}b",1,Rent,USD,1.00', f'N1,{JAN_9},Cabs,"a{end}b",2,Cash,USD,-1.01']

    assert faults_of(["", *rows], end=end)[0].startswith("row 3: amount: The entry does not balance")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\n".join([HEADER, *N1]).encode("utf-16"), "row 1: the file is in UTF-16: save it in UTF-8"),
        (
            "\n".join([HEADER, N1[0], N1[1].replace("ride", "für")]).encode("latin-1"),
            "row 3: the file is not in UTF-8: byte 0xFC",
        ),
    ],
)
def test_bytes_in_another_encoding_are_refused_by_row(content, expected):
    with pytest.raises(ImportMalformed, match=expected):
        csv_rows.decoded(content)


def test_a_file_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_CHARACTERS", 100)

    for attempt in (lambda: csv_rows.decoded(b"x" * 101), lambda: read_journal("x" * 101)):
        with pytest.raises(ImportTooLarge, match="101 characters, and 100 are allowed"):
            attempt()


def test_accounts_that_read_the_same_are_one_account(at_acme, controller):
    rows = [
        *entry("Ua", account="Expenses:Cr\u00e8me"),
        *entry("Ub", account="Expenses:Cre\u0300me"),
        *entry("Uc", account="Expenses:Milk"),
        *entry("Ud", account="Expenses:Milk\u200b"),
        *entry("Ue", account=" Expenses:\u00a0Milk "),
    ]
    record = imported(
        journal(*(row.replace("Cash", "Assets:Till") for row in rows), create_accounts=True), controller
    )

    names = list(Account.objects.values_list("name", flat=True))
    assert (record.entries, names) == (
        5,
        ["Assets:Till", "Expenses: Milk", "Expenses:Crème", "Expenses:Milk"],
    )


def test_codes_that_differ_in_case_only_are_one_account(chart, controller):
    dispatch(OpenAccount(code="T1x", name="Taxi", type="expense"), actor=controller)
    imported(journal(*entry(1, account="t1X"), accounts="code,name,type\nt1x,Taxi,expense\n"), controller)

    with pytest.raises(ImportMalformed, match=r"accounts.csv, row 2: code: There is already an account t1x"):
        dispatch(journal(*entry(2), accounts="code,name,type\nt1x,Cabs,expense\n"), actor=controller)
    assert Entry.objects.get().lines.first().account.name == "Taxi"


def test_rows_of_the_chart_that_repeat_or_contradict_are_refused(chart, controller):
    chart_file = "code,name,type\n7a,Bank,asset\n7A,Till,asset\n78,Bank,asset\n,Post,asset\n"
    with pytest.raises(ImportMalformed) as caught:
        dispatch(journal(*N1, accounts=chart_file), actor=controller)

    assert [str(fault) for fault in caught.value.faults] == [
        "accounts.csv, row 3: code: '7A' is also in row 2",
        "accounts.csv, row 4: name: 'Bank' is also in row 2",
        "accounts.csv, row 5: code: the cell is empty",
    ]


def test_accounts_without_postings_are_refused_by_row(chart, controller):
    dispatch(DeactivateAccount(account_id=chart["2000"].pk, reason="Repaid"), actor=controller)
    dispatch(OpenAccount(code="5001", name="Flat", type="expense", parent="5000"), actor=controller)

    with pytest.raises(ImportAccountsWithoutPostings) as caught:
        dispatch(journal(*entry(1), *entry(2, account="Loans")), actor=controller)

    assert [str(fault) for fault in caught.value.faults] == [
        "row 2: account: Account 5000 has child accounts and takes no postings itself.",
        "row 4: account: Account 2000 is inactive.",
    ]


def test_rows_with_the_text_of_an_account_in_another_column_are_no_faults(chart, controller):
    """An account has the code of a currency, and another one that of an amount."""
    for code in ("USD", "7.00"):
        dispatch(OpenAccount(code=code, name=f"Account {code}", type="asset"), actor=controller)
    rows = (*entry(1), *entry(2, account="USD"), *entry(3, amount="7.00"), *entry(4, account="7.00"))
    record = dispatch(journal(*rows), actor=controller)
    for code in ("USD", "7.00"):
        account = Account.objects.get(code=code)
        dispatch(DeactivateAccount(account_id=account.pk, reason="Closed"), actor=controller)

    with pytest.raises(ImportNotBookable) as caught:
        staged_entries_must_be_bookable(StagedEntry.objects.filter(journal_import=record))

    assert [str(fault) for fault in caught.value.faults] == [
        "row 4: account: Account USD is inactive.",
        "row 8: account: Account 7.00 is inactive.",
    ]


class TestYears:
    @pytest.mark.parametrize("year", [2206, YEAR + 2, YEAR - 2])
    def test_a_distant_year_is_refused_by_row(self, chart, controller, year):
        with pytest.raises(ImportDaysDistant) as caught:
            dispatch(journal(*entry(1), *entry(2, JAN_9.replace(year=year))), actor=controller)

        [fault] = caught.value.faults
        assert (fault.row, fault.column) == (4, "date")
        assert fault.sentence.endswith(f"{abs(year - YEAR)} years would be added")
        assert len(periods.years()) == 1

    def test_years_beside_the_existing_ones_are_added(self, chart, controller):
        days = [JAN_9.replace(year=YEAR + years) for years in (2, -1, 1)]

        imported(journal(*(row for number, day in enumerate(days) for row in entry(number, day))), controller)

        assert [year.starts_on.year for year in periods.years()] == [YEAR - 1, YEAR, YEAR + 1, YEAR + 2]

    def test_a_history_of_three_years_ago_is_no_mistyped_year(self, chart, controller):
        history = [row for number in range(12) for row in entry(number, JAN_9.replace(year=YEAR - 3))]

        with pytest.raises(ImportDaysDistant):
            dispatch(journal(*history[2:]), actor=controller)
        imported(journal(*history), controller)

        assert len(periods.years()) == 4

    def test_a_year_before_a_closed_period_is_refused_by_row(self, chart, controller, january):
        dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

        with pytest.raises(ImportDaysClosed, match=r"row 4: date: .*closed"):
            dispatch(journal(*entry(1, FEB_9), *entry(2, JAN_9.replace(year=YEAR - 1))), actor=controller)


class TestJob:
    @pytest.fixture
    def pages_of_two(self, monkeypatch):
        monkeypatch.setattr(PostImport, "page_size", 2)

    @pytest.fixture
    def stopped(self, chart, controller, pages_of_two):
        """The import of five entries, the fourth of which is refused."""
        rows = [
            row for number in range(5) for row in entry(number, account="Capital" if number == 3 else "Rent")
        ]
        record = dispatch(journal(*rows), actor=controller)
        Account.objects.filter(code="3000").update(is_active=False)
        running.run_slice(record.job_id)
        return record

    def test_an_entry_that_cannot_be_booked_any_more_stops_the_whole_import(self, stopped):
        run = Run.objects.get(pk=stopped.job_id)

        assert run.state == Run.State.FAILED
        assert run.last_error.startswith("1 entries cannot be booked any more")
        assert "row 8: account: Account 3000 is inactive." in run.last_error
        assert (Entry.objects.posted().count(), StagedEntry.objects.count()) == (0, 5)

    def test_an_entry_that_is_refused_later_stops_the_job_at_its_row(
        self, chart, controller, pages_of_two, monkeypatch
    ):
        record = dispatch(journal(*(row for number in range(5) for row in entry(number))), actor=controller)
        step = PostImport.step

        def deactivate_before_the_second_page(job, stage, cursor):
            Account.objects.filter(code="5000").update(is_active=cursor is None)
            return step(job, stage, cursor)

        monkeypatch.setattr(PostImport, "step", deactivate_before_the_second_page)
        running.run_slice(record.job_id)

        assert Run.objects.get(pk=record.job_id).last_error == "Row 6: Account 5000 is inactive."
        assert (Entry.objects.posted().count(), StagedEntry.objects.count()) == (2, 3)

    def test_a_retry_posts_the_import_once_the_reason_is_removed(self, stopped, controller):
        Account.objects.filter(code="3000").update(is_active=True)
        dispatch(RetryJob(job_id=stopped.job_id), actor=controller)
        running.run_slice(stopped.job_id)

        assert Run.objects.get(pk=stopped.job_id).state == Run.State.DONE
        references = Entry.objects.posted().order_by("number").values_list("reference", flat=True)
        assert list(references) == [f"journal.csv {number}" for number in range(5)]

    def test_a_period_with_remaining_entries_is_closed_only_after_their_discard(
        self, stopped, controller, january
    ):
        with pytest.raises(Exception, match=f"has 5 entries of imports that are not posted: {stopped.pk}"):
            dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)
        dispatch(DiscardImport(import_id=stopped.pk, reason="Corrected by hand"), actor=controller)
        dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

        with pytest.raises(ImportHasNoEntries):
            dispatch(DiscardImport(import_id=stopped.pk, reason="Again"), actor=controller)
        with pytest.raises(ImportNotFound):
            dispatch(DiscardImport(import_id=stopped.pk + 1, reason="Again"), actor=controller)

    def test_a_user_without_the_permission_discards_nothing(self, stopped, accountant):
        with pytest.raises(PermissionDenied):
            dispatch(DiscardImport(import_id=stopped.pk, reason="No"), actor=accountant)


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path, chart):
        path = tmp_path / "journal.csv"
        path.write_text("\n".join([HEADER, *N1]) + "\n")
        return path

    def test_a_known_file_is_reported_as_known(self, file, capsys):
        with activate(None):
            for options in ((), (), ("--json",)):
                call_command("import_journal", "acme", str(file), *options)

        first, second, third = capsys.readouterr().out.splitlines()
        assert first == "Imported 1 entries with 2 lines from journal.csv."
        assert second == "1 entry known, none new."
        assert (json.loads(third)["entries"], json.loads(third)["known"]) == (0, 1)

    def test_a_dry_run_reports_accounts_and_years_to_add(self, file, capsys):
        next_year = JAN_9.replace(year=YEAR + 1)
        file.write_text("\n".join([HEADER, *entry(1, next_year, account="Expenses:Taxi")]))
        with activate(None):
            for options in ((), ("--json",)):
                call_command("import_journal", "acme", str(file), "--dry-run", "--create-accounts", *options)

        text, document = capsys.readouterr().out.splitlines()
        assert text == (
            "Would import 1 entries with 2 lines from journal.csv. Would open 1 accounts."
            f" Would add 1 fiscal years: {YEAR + 1} to {YEAR + 1}. Nothing was saved."
        )
        assert json.loads(document)["years"] == [YEAR + 1]

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (
                b"N1,2026-03-04,Cabs,ri\0de,1,Rent,USD,1\n",
                "row 2: narration: narration contains the character U+0000",
            ),
            (b"N1,2026-03-04,Cabs,f\xfcr,1,Rent,USD,1\n", "row 2: the file is not in UTF-8"),
        ],
    )
    def test_bytes_of_no_text_exit_with_code_3(self, file, capsys, content, line):
        file.write_bytes(HEADER.encode() + b"\n" + content)

        with activate(None), pytest.raises(SystemExit) as exited:
            call_command("import_journal", "acme", str(file))

        assert exited.value.code == 3
        assert f"ledger.import_malformed: The file cannot be imported. {line}" in capsys.readouterr().err
        assert not JournalImport.objects.exists()

    def test_an_import_that_stops_exits_with_code_3_and_its_row(self, file, capsys, monkeypatch):
        def refused(self, cursor):
            Account.objects.filter(code="5000").update(is_active=False)
            return post(self, cursor)

        post = PostImport.post
        monkeypatch.setattr(PostImport, "post", refused)
        with activate(None), pytest.raises(SystemExit) as exited:
            call_command("import_journal", "acme", str(file))

        assert exited.value.code == 3
        assert capsys.readouterr().err.startswith(
            "ledger.import_unfinished: 1 entries cannot be booked any more"
        )
