"""The statement of an account: opening, running and closing balance, with links to entries."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.ledger import queries
from apps.ledger.models import Account
from apps.ledger.queries import statements
from tests.support.books import FEB_9, JAN_9, YEAR, entry, line, sale

PATH = "/t/acme/ledger/account-statement/"


@pytest.fixture
def posted(chart, accountant):
    for command in (
        sale("10.00"),
        sale("4.00", posted_on=FEB_9),
        entry(line("1000", "-1.50"), line("4000", "1.50"), posted_on=FEB_9),
        sale("7.00", currency="EUR", posted_on=FEB_9),
    ):
        dispatch(command, actor=accountant)


def statement(**span):
    return queries.account_statement(Account.objects.get(code="1000"), **span)


def test_a_statement_has_opening_running_and_closing_balances_by_currency(posted):
    shown = statement(since=FEB_9)

    euro, dollar = shown.balances
    assert [str(amount) for amount in (dollar.opening, dollar.debit, dollar.credit, dollar.closing)] == [
        "10.00 USD",
        "4.00 USD",
        "1.50 USD",
        "12.50 USD",
    ]
    assert (str(euro.opening), str(euro.closing)) == ("0.00 EUR", "7.00 EUR")
    assert [(str(row.amount), str(row.balance)) for row in shown.lines] == [
        ("4.00 USD", "14.00 USD"),
        ("-1.50 USD", "12.50 USD"),
        ("7.00 EUR", "7.00 EUR"),
    ]


def test_the_last_day_of_a_statement_is_in_it_and_later_lines_are_not(posted):
    shown = statement(until=JAN_9)

    assert [str(balance.closing) for balance in shown.balances] == ["10.00 USD"]
    assert shown.count == 1
    assert statement(until=JAN_9 - dt.timedelta(days=1)).balances == []


def test_a_page_of_a_long_statement_continues_the_balance(posted, monkeypatch):
    monkeypatch.setattr(statements, "LINES_PER_PAGE", 2)

    first, second = statement(page=1), statement(page=2)

    assert first.count == second.count == 4
    assert [str(row.balance) for row in (*first.lines, *second.lines)] == [
        "10.00 USD",
        "14.00 USD",
        "12.50 USD",
        "7.00 EUR",
    ]


def test_the_page_links_each_line_to_its_entry(posted, client_for, accountant):
    page = client_for(accountant).get(f"{PATH}?account=1000&since={FEB_9}").content.decode()

    for row in statement(since=FEB_9).lines:
        assert f'href="/t/acme/ledger/entry/{row.entry_id}/change/"' in page
        assert row.entry in page
    assert f"GEN-{YEAR}-1<" not in page
    assert "12.50 USD" in page


def test_the_page_without_an_account_offers_the_choice(posted, client_for, accountant):
    response = client_for(accountant).get(PATH)

    assert (response.status_code, 'name="account"' in response.content.decode()) == (200, True)
    assert client_for(accountant).get(f"{PATH}?account=9999").status_code == 422
    assert client_for(accountant).get(f"{PATH}?account=1000&since=2026-13-01").status_code == 422


def test_the_page_without_permission_is_forbidden(posted, client_for, user_without_role):
    assert client_for(user_without_role).get(f"{PATH}?account=1000").status_code == 403


def test_the_result_is_income_less_expense_of_the_days(posted, accountant):
    dispatch(entry(line("5000", "2"), line("1000", "-2"), posted_on=JAN_9), actor=accountant)

    assert [str(amount) for amount in queries.result(JAN_9, JAN_9)] == ["8.00 USD"]
    year = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31)
    assert [str(amount) for amount in queries.result(*year)] == ["7.00 EUR", "10.50 USD"]


def test_the_trial_balance_of_income_and_expense_has_the_result(posted, client_for, accountant):
    days = f"since={YEAR}-02-01&until={YEAR}-12-31"
    response = client_for(accountant).get(f"/t/acme/ledger/trial-balance/?by=total&accounts=result&{days}")

    assert {row.type for row in response.context_data["rows"]} == {"income"}
    assert [(iso, str(net)) for iso, _debit, _credit, net in response.context_data["totals"]] == [
        ("EUR", "7.00"),
        ("USD", "2.50"),
    ]
    malformed = client_for(accountant).get("/t/acme/ledger/trial-balance/?since=yesterday")
    assert malformed.status_code == 400
