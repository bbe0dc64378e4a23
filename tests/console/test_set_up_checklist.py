"""The checklist on a tenant's dashboard, until the first period is closed; and its lasting steps."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.companies.commands import ChangeCompany
from apps.companies.models import Company
from apps.console import hooks
from apps.kernel.clock import today
from apps.ledger.commands import OpenAccount
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from apps.sales.commands import AddCustomer, SetUpSales
from tests.support.books import sale

STEPS = [
    "Company data",
    "Accounts",
    "Fiscal year",
    "Accounts of the settings",
    "First customer",
    "First entry",
    "First closed period",
]


def checklist(client):
    page = client.get("/t/acme/")
    return page.context_data["checklist"], page.content.decode()


def undone(client):
    return [str(step["title"]) for step in checklist(client)[0] if not step["is_done"]]


def test_each_step_is_done_when_its_rows_exist(at_acme, client_for, owner, controller):
    client = client_for(controller)
    assert [str(step["title"]) for step in checklist(client)[0]] == STEPS
    assert undone(client) == ["Company data", "Accounts", "Accounts of the settings", *STEPS[4:]]

    company = Company.objects.get()
    dispatch(ChangeCompany(company_id=company.pk, country="DE"), actor=owner)
    assert undone(client) == ["Accounts", "Accounts of the settings", *STEPS[4:]]
    dispatch(OpenAccount(code="1000", name="Bank", type="asset"), actor=controller)
    assert undone(client) == ["Accounts of the settings", *STEPS[4:]]
    dispatch(SetUpSales(), actor=controller)
    assert undone(client) == STEPS[4:]
    dispatch(AddCustomer(code="HOOLI", name="Hooli Inc."), actor=controller)
    assert undone(client) == STEPS[5:]
    dispatch(sale(posted_on=today()), actor=controller)
    assert undone(client) == STEPS[6:]


def test_the_checklist_disappears_after_the_first_close(at_acme, client_for, controller):
    client = client_for(controller)
    dispatch(SetUpSales(), actor=controller)
    assert 'aria-label="Set up"' in checklist(client)[1]

    january = Period.objects.get(number=1)
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    steps, page = checklist(client)
    assert not steps
    assert 'aria-label="Set up"' not in page


def test_accounts_of_settings_that_are_missing_appear_after_the_first_close(
    at_acme, client_for, controller, user_without_role
):
    """As in a tenant that was set up before money on account had an account."""
    dispatch(
        ClosePeriod(period_id=Period.objects.get(number=1).pk, reason="The month is over."), actor=controller
    )

    (step,) = checklist(client_for(controller))[0]
    assert (step["title"], step["is_done"]) == ("Accounts of the settings", False)
    assert step["link"]
    assert not checklist(client_for(user_without_role))[0]


def test_a_step_links_to_its_page_for_users_who_may_open_it_only(
    at_acme, client_for, owner, accountant, user_without_role
):
    client = client_for(owner)
    for step in checklist(client)[0]:
        assert client.get(step["link"]).status_code == 200

    limited = {str(step["title"]): step["link"] for step in checklist(client_for(accountant))[0]}
    assert limited["First entry"] == "/t/acme/ledger/new-entry/"
    assert limited["Accounts"] == limited["Fiscal year"] == limited["First closed period"] == ""
    assert not checklist(client_for(user_without_role))[0]


def test_the_end_of_the_checklist_is_known_by_one_query(at_acme, controller):
    dispatch(
        ClosePeriod(period_id=Period.objects.get(number=1).pk, reason="The month is over."), actor=controller
    )
    (last,) = [step for step in hooks.set_up_steps("tenant") if step.ends]

    with CaptureQueriesContext(connection) as captured:
        assert last.is_done()
    assert len(captured) == 1
