"""Orders that cannot be booked are refused before the goods are held and the card is charged."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.inventory.commands import AddItem, ReceiveStock
from apps.kernel.clock import moved_to, today
from apps.ledger.errors import BookingImpossible
from apps.payments.models import Payment, SandboxOperation
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
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
