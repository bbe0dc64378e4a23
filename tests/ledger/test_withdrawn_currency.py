"""Books with entries in currencies that ISO 4217 has withdrawn."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from apps.backups.restores.in_place import restore_in_place
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.currencies import CurrencyWithdrawn
from apps.kernel.tenant import activate
from apps.ledger import queries
from apps.ledger.commands import BookEntry, Line, ReverseEntry
from apps.ledger.import_errors import ImportMalformed
from apps.ledger.journal_file import read_journal
from apps.ledger.models import Entry
from apps.periods.commands import AddFiscalYear
from apps.tenancy.models import Tenant
from tests.support.books import JAN_9, YEAR, sale
from tests.support.ledger_sql import DRAFT, LINE, POST
from tests.support.transfer import exported

OLD = (("HRK", 1234, "12.34"), ("DEM", 1234, "12.34"), ("ITL", 1234, "1234"))


@pytest.fixture
def old_books(chart):
    """A posted entry in kuna, mark and lira, written by raw SQL."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DRAFT)
        (entry,) = cursor.fetchone()
        for number, (code, minor, _) in enumerate(OLD):
            for offset, (account, sign) in enumerate((("1000", 1), ("4000", -1))):
                cursor.execute(
                    LINE.format(
                        entry=entry,
                        number=2 * number + offset + 1,
                        account=account,
                        currency=code,
                        minor=sign * minor,
                    )
                )
        cursor.execute(POST.format(entry=entry))
    return Entry.objects.get(pk=entry)


@pytest.fixture
def since_2022(chart):
    for year in range(YEAR - 1, 2021, -1):
        dispatch(AddFiscalYear(year=year), actor=System("the suite"))


@pytest.mark.slow("opens the pages of the ledger")
def test_pages_lists_and_files_of_old_books_are_read(old_books, client_for, controller, capsys):
    client = client_for(controller)
    base = "/t/acme"

    for path in (
        "/",
        "/ledger/entry/",
        f"/ledger/entry/{old_books.pk}/change/",
        "/ledger/trial-balance/",
        "/ledger/trial-balance/?by=month&format=csv",
        "/api/v1/ledger/entries/",
        f"/api/v1/ledger/entries/{old_books.pk}/",
        "/api/v1/ledger/trial-balance/",
    ):
        assert client.get(base + path).status_code == 200, path
    page = client.get(f"{base}/ledger/entry/{old_books.pk}/change/").content.decode()
    rows = {row.currency: row for row in queries.trial_balance(by="total") if row.code == "1000"}
    for code, _, amount in OLD:
        assert code in page
        assert str(rows[code].closing) == amount
    assert {total.currency.code for total in queries.figures(JAN_9).turnover} == {"HRK", "DEM", "ITL"}
    assert {month.currency for month in queries.income_and_expense(until=JAN_9)} == {"HRK", "DEM", "ITL"}

    with activate(None):
        call_command("trial_balance", "acme", "--json")
    assert {row["currency"] for row in json.loads(capsys.readouterr().out)["rows"]} == {"HRK", "DEM", "ITL"}


@pytest.mark.exhaustive("restores a tenant")
@pytest.mark.physical_copy
def test_old_books_are_backed_up_and_restored(old_books, at_acme):
    backup_file = exported(at_acme)

    with activate(None):
        restore_in_place(backup_file, Tenant.objects.get(pk=at_acme.id))

    with activate(None), activate(Tenant.objects.get(pk=at_acme.id).info):
        lines = {str(line.money) for line in Entry.objects.get(pk=old_books.pk).lines.all()}
        assert {"12.34 HRK", "12.34 DEM", "1,234 ITL"} <= lines


def test_posting_is_judged_by_the_day_of_the_entry(since_2022, accountant, controller):
    day, too_late = dt.date(2022, 12, 31), dt.date(2023, 1, 1)

    entry = dispatch(sale("12.34", day, "HRK"), actor=accountant)
    assert entry.is_posted
    with pytest.raises(CurrencyWithdrawn):
        dispatch(sale("12.34", too_late, "HRK"), actor=accountant)


def test_a_reversal_is_judged_by_the_original_entry(since_2022, accountant, controller):
    entry = dispatch(sale("12.34", dt.date(2022, 12, 31), "HRK"), actor=accountant)

    reversal = dispatch(
        ReverseEntry(entry_id=entry.pk, posted_on=dt.date(2023, 1, 1), reason="Wrong."), actor=controller
    )

    assert reversal.is_posted
    assert {line.currency for line in reversal.lines.all()} == {"HRK"}


def test_a_settlement_of_an_entry_is_booked_in_its_currencies_only(since_2022, accountant):
    original = dispatch(sale("12.34", dt.date(2022, 12, 31), "HRK"), actor=accountant)

    def book(code, settles):
        lines = (Line("1000", code, Decimal(1)), Line("4000", code, Decimal(-1)))
        command = BookEntry(
            memo="Settled",
            lines=lines,
            occurred_on=dt.date(2023, 1, 1),
            source=f"test:{code}",
            settles=settles,
        )
        return dispatch(command, actor=accountant)

    for code, settles in (("HRK", 0), ("HRK", original.pk + 1), ("DEM", original.pk)):
        with pytest.raises(CurrencyWithdrawn):
            book(code, settles)
    assert book("HRK", original.pk).is_posted


def test_a_journal_with_a_withdrawn_currency_names_the_row():
    head = "entry_no,date,payee,narration,line_no,account,currency,amount\n"
    rows = "1,{0},,x,1,1000,HRK,5.00\n1,{0},,x,2,4000,HRK,-5.00\n"

    with pytest.raises(ImportMalformed) as caught:
        read_journal(head + rows.format("2023-01-01"))
    assert "row 2: currency: HRK was withdrawn on 2023-01-01" in str(caught.value)
    assert [entry.posted_on for entry in read_journal(head + rows.format("2022-12-31"))] == [
        dt.date(2022, 12, 31)
    ]
