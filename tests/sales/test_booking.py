"""Orders that cannot be booked are refused before the goods are held and the card is charged."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.inventory.commands import AddItem, ReceiveStock
from apps.kernel.clock import moved_to, today
from apps.ledger.commands import OpenAccount
from apps.ledger.errors import AccountOfSettingHasChildren, BookingImpossible
from apps.ledger.models import Account
from apps.payments.commands import ConfirmPayment
from apps.payments.models import Payment, SandboxOperation
from apps.periods.commands import AddFiscalYear, ClosePeriod
from apps.periods.models import Period
from apps.sagas.models import Run
from apps.sagas.sweep import sweep_waits
from apps.sales.commands import AddCustomer, RefundOrder, SetUpSales
from apps.sales.errors import OrdersInProgress
from apps.sales.models import Order
from apps.settings.commands import ChangeSetting
from tests.support.settling import settle
from tests.support.shop import ordered

YEAR = today().year
DELIVERED = pytest.mark.exhaustive("all events of an order are delivered", one_in=3)


@pytest.fixture
def shop_without_accounts(at_acme, controller):
    for sku in ("BOLT", "NUT"):
        dispatch(AddItem(sku=sku, name=sku), actor=controller)
        dispatch(ReceiveStock(sku=sku, quantity=10), actor=controller)
    dispatch(AddCustomer(code="HOOLI", name="Hooli Inc."), actor=controller)


def test_an_order_without_accounts_is_refused_with_every_obstacle_and_nothing_is_charged(
    shop_without_accounts, api, accountant, controller
):
    body = {
        "customer": "HOOLI",
        "currency": "USD",
        "provider": "sandbox",
        "token": "tok_ok",
        "lines": [{"sku": "BOLT", "quantity": 1, "price": "1.50"}],
    }

    response = api(accountant).post("sales/orders/", body)
    settle()

    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "ledger.booking_impossible"), problem
    for code, setting in (
        ("1000", "payments.bank_account"),
        ("1100", "payments.receivable_account"),
        ("4000", "sales.revenue_account"),
        ("4900", "sales.refunds_account"),
    ):
        assert f"Account {code} of the setting {setting} does not exist." in problem["detail"]
    assert not Order.objects.exists()
    assert not Payment.objects.exists()
    assert not SandboxOperation.objects.exists()

    dispatch(SetUpSales(), actor=controller)
    assert api(accountant).post("sales/orders/", body).status_code == 201


def test_setting_up_sales_with_an_account_that_takes_no_postings_is_refused(at_acme, controller):
    """The tenant has a chart of its own, in which 4000 is a group of accounts."""
    other = dispatch(OpenAccount(code="4100", name="Fees", type="income"), actor=controller)
    dispatch(ChangeSetting(key="sales.revenue_account", value=other.code), actor=controller)
    dispatch(OpenAccount(code="4000", name="Income", type="income"), actor=controller)
    dispatch(OpenAccount(code="4900", name="Refunds", type="income"), actor=controller)
    dispatch(ChangeSetting(key="sales.refunds_account", value="4100"), actor=controller)
    dispatch(OpenAccount(code="4901", name="Goodwill", type="income", parent="4900"), actor=controller)

    dispatch(SetUpSales(), actor=controller)
    with pytest.raises(AccountOfSettingHasChildren, match="4900"):
        dispatch(ChangeSetting(key="sales.refunds_account", value="4900"), actor=controller)

    assert Account.objects.filter(code__in=["1000", "1100"]).count() == 2


@DELIVERED
def test_a_refund_of_an_order_without_an_open_day_is_refused(shop, accountant, controller):
    dispatch(ChangeSetting(key="periods.add_fiscal_years", value=False), actor=controller)
    with moved_to(dt.datetime(YEAR, 12, 31, tzinfo=dt.UTC)):
        order = dispatch(ordered(), actor=accountant)
        settle()
    operations = SandboxOperation.objects.count()

    with moved_to(dt.datetime(YEAR + 1, 1, 2, tzinfo=dt.UTC)):
        with pytest.raises(BookingImpossible):
            dispatch(
                RefundOrder(order_id=order.pk, amount=Decimal(1), reason="Broken.", reference="r"),
                actor=controller,
            )
        with pytest.raises(BookingImpossible):
            dispatch(ordered(), actor=accountant)
        settle()
    assert SandboxOperation.objects.count() == operations


@DELIVERED
def test_an_order_that_is_placed_in_december_is_invoiced_in_the_year_that_it_adds(shop, accountant):
    with moved_to(dt.datetime(YEAR, 12, 31, 23, tzinfo=dt.UTC)):
        order = dispatch(ordered(), actor=accountant)
    with moved_to(dt.datetime(YEAR + 1, 1, 1, 1, tzinfo=dt.UTC)):
        settle()

    order.refresh_from_db()
    assert order.state == "completed"
    assert Period.objects.filter(year__code=str(YEAR + 1)).count() == 12


@DELIVERED
def test_an_invoice_without_an_open_day_waits_and_the_order_stays_paid(shop, accountant, controller):
    """The transfer of the last day is confirmed on the next one, for which no fiscal year exists."""
    dispatch(ChangeSetting(key="periods.add_fiscal_years", value=False), actor=controller)
    last_day, new_year = dt.date(YEAR, 12, 31), dt.datetime(YEAR + 1, 1, 1, 9, tzinfo=dt.UTC)
    with moved_to(new_year - dt.timedelta(hours=12)):
        order = dispatch(ordered("", provider="manual"), actor=accountant)
        settle()
    payment = Payment.objects.get()
    with moved_to(new_year):
        received = ConfirmPayment(payment_id=payment.pk, provider_payment_id="b", received_on=last_day)
        assert dispatch(received, actor=accountant).entry.posted_on == last_day
        settle()

    order.refresh_from_db()
    run = Run.objects.get(subject=order.subject)
    assert (order.state, run.state, run.step) == ("paid", "waiting", "issue invoice")
    assert "No period is open" in run.log_entries.filter(kind="waits").latest("id").detail

    dispatch(AddFiscalYear(year=YEAR + 1), actor=controller)
    with moved_to(new_year + dt.timedelta(minutes=20)):
        sweep_waits()
        settle()
    order.refresh_from_db()
    assert order.state == "completed"


@DELIVERED
def test_an_order_in_progress_blocks_the_closing_of_its_period_and_is_named(shop, accountant, controller):
    january = Period.objects.get(number=1)
    with moved_to(dt.datetime(YEAR, 1, 31, 12, tzinfo=dt.UTC)):
        order = dispatch(ordered(), actor=accountant)
    close = ClosePeriod(period_id=january.pk, reason="The month is over.")

    with moved_to(dt.datetime(YEAR, 2, 1, tzinfo=dt.UTC)):
        with pytest.raises(OrdersInProgress, match=str(order)):
            dispatch(close, actor=controller)
        settle()
        dispatch(close, actor=controller)
