"""Every figure of both dashboards opens the list of what it counts, with the same total."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.commands import ErasePerson
from apps.bus import dispatch
from apps.console import hooks
from apps.events.models import Delivery
from apps.flags.models import Kill, StaleFlag
from apps.identity.models import User
from apps.kernel.clock import now, today
from apps.kernel.money import Money
from apps.kernel.tenant import activate
from apps.ledger.commands import DraftEntry
from apps.notices.commands import SendAnnouncement
from apps.payments.commands import ReceiveTransfer
from apps.sagas.models import Run
from apps.sales import documents
from apps.sales.commands import ConfirmOrder, IssueInvoice, MarkOrderPaid
from apps.sales.models import Customer
from apps.schedules.commands import ScheduleCommand
from apps.webhooks.models import Endpoint, Message
from tests.support.approvals import requested
from tests.support.books import entry, line
from tests.support.impersonation import enter
from tests.support.published_flags import flag
from tests.support.settling import settle
from tests.support.shop import ordered

FIRST = ["Cash", "Receivables", "Result", "Open periods"]


def entries_of_tenants(context):
    return sum(
        tenant.activity.entries_posted for tenant in context["cl"].queryset if hasattr(tenant, "activity")
    )


def open_periods(context):
    return sum(len(cells) for _year, cells in context["grid"])


def closing_balances(context):
    return tuple(balance.closing for balance in context["statement"].balances)


def net_income(context):
    sums = {}
    for row in context["rows"]:
        sums[row.currency] = sums.get(row.currency, 0) + row.credit - row.debit
    return tuple(Money.of(amount, iso) for iso, amount in sorted(sums.items()))


def state_of_the_audit_log(context):
    verification = context["verification"]
    return "not verified yet" if verification is None else "verified" if verification.intact else "BROKEN"


WAIT = "Longest wait in a queue"


def seconds(text):
    return int(text.replace(",", "").removesuffix(" s"))


def max_wait(context):
    return f"{max(row.broker.oldest for row in context['rows']):,.0f} s"


TOTALS = {
    "Entries posted": entries_of_tenants,
    "Open periods": open_periods,
    "Cash": closing_balances,
    "Receivables": closing_balances,
    "Result": net_income,
    "Pending approvals": lambda context: len(context["rows"]),
    "Audit log": state_of_the_audit_log,
    WAIT: max_wait,
}
"""The total of each figure that opens no list of a model. A new figure of this kind has its function here."""


def total_of(response, title):
    if title in TOTALS:
        return TOTALS[title](response.context_data)
    return response.context_data["cl"].result_count


@pytest.fixture
def business(shop, controller):
    """Rows of every kind that a tenant's figures count, and others that they do not."""
    day = today()
    dispatch(ordered(), actor=controller)
    dispatch(ordered(provider="manual", card="", BOLT=1), actor=controller)
    settle()
    dispatch(
        ReceiveTransfer(amount=Decimal(60), currency="USD", provider="manual", provider_payment_id="bank-9"),
        actor=controller,
    )
    lines = (line("1000", "7", "EUR"), line("4000", "-7", "EUR"))
    dispatch(entry(*lines, posted_on=day), actor=controller)
    dispatch(entry(line("1100", "3"), line("4000", "-3"), posted_on=day), actor=controller)
    dispatch(DraftEntry(posted_on=day, memo="Waiting", lines=lines), actor=controller)
    settle()


def a_kill(key):
    Kill.objects.create(key=key, reason="Slow.", killed_at=now(), killed_by_name="Olga Operator")


@pytest.fixture
def incidents(business, shop, owner, controller, accountant):
    """What a tenant's figures of incidents and waiting work count."""
    Customer.objects.filter(pk=shop.pk).update(name="חברה")  # which no document can print
    order = dispatch(ordered(BOLT=1), actor=controller)
    for step in (ConfirmOrder, MarkOrderPaid, IssueInvoice):
        result = dispatch(step(order_id=order.pk), actor=controller)
    documents.make(result.pk)
    Run.objects.filter(finished_at=None).update(state=Run.State.NEEDS_ATTENTION)
    dispatch(
        ScheduleCommand(
            command="identity.deactivate_user",
            arguments={"user_id": accountant.pk, "reason": "Leaves"},
            local_time=f"{now() + dt.timedelta(days=1):%Y-%m-%dT%H:%M}",
            time_zone="Europe/Berlin",
            reason="The contract ends",
        ),
        actor=owner,
    )
    dispatch(SendAnnouncement(subject="Maintenance", text="On Sunday.", to=("owner",)), actor=owner)
    requested(ErasePerson(user_id=accountant.pk, texts=("Accountant",), reason="Requested by letter."), owner)
    a_kill("reports.heavy")
    endpoint = Endpoint.objects.create(
        url="https://receiver.example/hooks", created_at=now(), enabled_at=now()
    )
    Message.objects.create(
        endpoint=endpoint, ref="msg_1", type="order.created", body="{}", created_at=now(), next_at=now()
    )


@pytest.fixture
def platform(incidents, acme, accountant):
    """What an operator's figures count."""
    with activate(None):
        a_kill("reports.heavy")
        StaleFlag.objects.create(key=flag("reports.heavy").key, reasons=["expired"], since_at=now())
        operator = User.objects.get(email="operator@bursar.example")
        enter(operator, acme, accountant)
        first, second, *_others = Delivery.objects.order_by("pk")
        Delivery.objects.filter(pk=first.pk).update(status=Delivery.Status.DEAD)
        Delivery.objects.filter(pk=second.pk).update(status=Delivery.Status.PENDING)
        dispatch(
            SendAnnouncement(subject="Maintenance", text="On Sunday.", to=("operator@bursar.example",)),
            actor=operator,
        )
    return operator


@pytest.mark.exhaustive("every figure of both consoles", by=())
@pytest.mark.parametrize("plane", hooks.PLANES)
def test_every_figure_opens_its_list_with_the_same_total(plane, platform, client_for, owner, acme):
    tenant = acme if plane == "tenant" else None
    client = client_for(owner) if tenant else client_for(platform, None)
    dashboard = client.get("/t/acme/" if tenant else "/").context_data["figures"]
    assert len(dashboard) == len(hooks.figures(plane))
    with activate(None), activate(tenant):
        readings = {str(figure.title): figure.read() for figure in hooks.figures(plane)}

    totals, values = {}, {}
    for shown in dashboard:
        title = str(shown["title"])
        links = [link for _name, _count, link in shown["parts"]] or [shown["link"]]
        parts = [total_of(client.get(link), title) for link in links]
        totals[title] = sum(parts) if len(parts) > 1 else parts[0]
        values[title] = readings[title].value
        if title == WAIT:  # it grows until the page is opened
            assert seconds(shown["value"]) <= seconds(totals[title])
            totals[title] = values[title]
        else:
            assert shown["value"] == str(readings[title])

    assert totals == values
    assert {title for title, value in values.items() if not value} <= EMPTY[plane]


EMPTY = {
    "tenant": set(),
    "operator": {"Pending approvals", "Scheduled commands", "Workflows needing attention"},
}
"""Figures of both planes that count rows in the other plane only."""


def test_the_first_figures_of_a_tenant_are_cash_receivables_result_and_open_periods(
    business, client_for, owner
):
    figures = client_for(owner).get("/t/acme/").context_data["figures"]

    assert [str(figure["title"]) for figure in figures[:4]] == FIRST
    cash, receivables, result, periods = figures[:4]
    assert cash["value"] == "7.00 EUR · 66.50 USD"
    assert receivables["value"] == "3.00 USD"
    assert result["value"] == "7.00 EUR · 9.50 USD"
    assert int(periods["value"]) == today().month


def test_the_first_figures_without_a_posting_are_zero(at_acme, client_for, owner):
    figures = client_for(owner).get("/t/acme/").context_data["figures"]

    assert [figure["value"] for figure in figures[:3]] == ["0.00 USD"] * 3


def test_a_figure_of_a_user_without_its_permission_is_omitted(business, client_for, user_without_role):
    assert client_for(user_without_role).get("/t/acme/").context_data["figures"] == []


def test_the_number_of_queries_of_the_dashboard_does_not_grow_with_the_books(
    business, client_for, owner, controller
):
    client = client_for(owner)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/t/acme/")
        return len(captured)

    queries()
    before = queries()
    for amount in ("5", "6"):
        dispatch(entry(line("1000", amount, "GBP"), line("4000", f"-{amount}", "GBP")), actor=controller)
        dispatch(ordered(BOLT=1), actor=controller)
    settle()

    assert queries() == before
