"""Queries of the ledger."""

import csv
import datetime as dt
import json
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger import queries
from apps.ledger.commands import DraftEntry, OpenAccount
from tests.support.books import FEB_9, JAN_9, YEAR, entry, line, sale

APR_9 = JAN_9.replace(month=4)


@pytest.fixture
def quarter(chart, accountant):
    """10 in January, 20 in April with 5 of rent; 700 yen in February; a draft, which is in no balance."""
    dispatch(sale("10"), actor=accountant)
    dispatch(sale("700", posted_on=FEB_9, currency="JPY"), actor=accountant)
    dispatch(sale("20", posted_on=APR_9), actor=accountant)
    dispatch(entry(line("5000", "5"), line("1000", "-5"), posted_on=APR_9), actor=accountant)
    dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("99").lines), actor=accountant)


def balances(rows, account):
    return [
        (row.month, row.currency, *map(str, (row.opening, row.debit, row.credit, row.closing)))
        for row in rows
        if row.account == account
    ]


def test_the_monthly_balance_has_every_month_since_the_first_posting(quarter):
    rows = queries.trial_balance()

    assert balances(rows, "Cash") == [
        (f"{YEAR}-01", "USD", "0.00", "10.00", "0.00", "10.00"),
        (f"{YEAR}-02", "JPY", "0", "700", "0", "700"),
        (f"{YEAR}-02", "USD", "10.00", "0.00", "0.00", "10.00"),
        (f"{YEAR}-03", "JPY", "700", "0", "0", "700"),
        (f"{YEAR}-03", "USD", "10.00", "0.00", "0.00", "10.00"),
        (f"{YEAR}-04", "JPY", "700", "0", "0", "700"),
        (f"{YEAR}-04", "USD", "10.00", "20.00", "5.00", "25.00"),
    ]
    assert balances(rows, "Rent") == [(f"{YEAR}-04", "USD", "0.00", "5.00", "0.00", "5.00")]
    assert balances(rows, "Loans") == []


def test_the_total_balance_has_one_row_per_account_per_currency(quarter):
    rows = queries.trial_balance(by="total")

    assert balances(rows, "Cash") == [
        ("", "JPY", "0", "700", "0", "700"),
        ("", "USD", "0.00", "30.00", "5.00", "25.00"),
    ]
    assert sum(row.closing for row in rows) == 0


def test_earlier_postings_are_in_the_opening_balance(quarter):
    since, until = dt.date(YEAR, 2, 1), dt.date(YEAR, 3, 31)

    assert balances(queries.trial_balance(since=since, until=until), "Sales") == [
        (f"{YEAR}-02", "JPY", "0", "0", "700", "-700"),
        (f"{YEAR}-02", "USD", "-10.00", "0.00", "0.00", "-10.00"),
    ]
    assert balances(queries.trial_balance(by="total", since=since, until=until), "Sales") == [
        ("", "JPY", "0", "0", "700", "-700"),
        ("", "USD", "-10.00", "0.00", "0.00", "-10.00"),
    ]
    assert balances(queries.trial_balance(by="total", since=dt.date(YEAR, 5, 1)), "Cash") == [
        ("", "JPY", "700", "0", "0", "700"),
        ("", "USD", "25.00", "0.00", "0.00", "25.00"),
    ]


def test_the_trial_balance_takes_one_statement(quarter):
    with CaptureQueriesContext(connection) as statements:
        queries.trial_balance()

    assert len(statements) == 1


def test_the_trial_balance_of_an_empty_ledger_is_empty(chart):
    assert queries.trial_balance() == queries.trial_balance(by="total") == []


def test_another_tenant_has_an_empty_trial_balance(quarter, globex):
    with activate(globex):
        assert queries.trial_balance() == []


def test_income_per_month_with_expense(quarter):
    months = queries.income_and_expense(months=4, until=APR_9)

    assert [(month.month, month.currency, month.income, month.expense) for month in months] == [
        (f"{YEAR}-01", "JPY", 0, 0),
        (f"{YEAR}-02", "JPY", 700, 0),
        (f"{YEAR}-03", "JPY", 0, 0),
        (f"{YEAR}-04", "JPY", 0, 0),
        (f"{YEAR}-01", "USD", Decimal("10.00"), 0),
        (f"{YEAR}-02", "USD", 0, 0),
        (f"{YEAR}-03", "USD", 0, 0),
        (f"{YEAR}-04", "USD", Decimal("20.00"), Decimal("5.00")),
    ]


def test_figures_count_the_current_month(quarter):
    figures = queries.figures(APR_9)

    assert (figures.accounts, figures.entries, figures.entries_this_month, figures.drafts) == (5, 4, 2, 1)
    assert [str(total) for total in figures.turnover] == ["25.00 USD"]


def test_the_latest_entries_take_one_statement(quarter):
    with CaptureQueriesContext(connection) as statements:
        names = [str(entry) for entry in queries.latest_entries(2)]

    assert names == [f"GEN-{YEAR}-4", f"GEN-{YEAR}-3"]
    assert len(statements) == 1


def test_the_command_prints_a_table(quarter, capsys):
    with activate(None):
        call_command("trial_balance", "acme", "--by", "total")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "month",
        "account",
        "code",
        "type",
        "currency",
        "opening",
        "debit",
        "credit",
        "closing",
    ]
    assert lines[2].split() == ["Cash", "1000", "asset", "USD", "0.00", "30.00", "5.00", "25.00"]


def test_the_command_prints_json(quarter, capsys):
    with activate(None):
        call_command("trial_balance", "acme", "--json")

    document = json.loads(capsys.readouterr().out)
    assert document["by"] == "month"
    assert document["rows"][0]["closing"] == "10.00"


def test_the_csv_of_the_command_has_no_formulas(chart, accountant, controller, tmp_path):
    dispatch(
        OpenAccount(code="=1+1", name='=HYPERLINK("http://x.example","look")', type="expense"),
        actor=controller,
    )
    dispatch(entry(line("=1+1", "5"), line("1000", "-5")), actor=accountant)
    file = tmp_path / "tb.csv"

    with activate(None):
        call_command("trial_balance", "acme", "--csv", str(file))

    row = list(csv.DictReader(file.open()))[1]
    assert (row["code"], row["account"]) == ("'=1+1", """'=HYPERLINK("http://x.example","look")""")
    assert (row["opening"], row["debit"], row["closing"]) == ("0.00", "5.00", "5.00")


def test_the_command_writes_csv(quarter, tmp_path, capsys):
    file = tmp_path / "tb.csv"
    with activate(None):
        call_command("trial_balance", "acme", "--csv", str(file))

    rows = list(csv.DictReader(file.open()))
    assert rows[0] == {
        "month": f"{YEAR}-01",
        "account": "Cash",
        "code": "1000",
        "type": "asset",
        "currency": "USD",
        "opening": "0.00",
        "debit": "10.00",
        "credit": "0.00",
        "closing": "10.00",
    }
    assert capsys.readouterr().out == f"Wrote {len(rows)} rows to {file}.\n"
