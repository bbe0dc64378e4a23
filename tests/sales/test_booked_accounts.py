"""An invoice and the credit for a refund are booked on the receivables of their payment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.ledger.commands import DeactivateAccount, OpenAccount
from apps.ledger.models import Account
from apps.payments.commands import ConfirmPayment
from apps.payments.models import Payment
from apps.sales import queries
from apps.sales.commands import RefundOrder
from apps.sales.errors import AccountHasUninvoicedOrders
from apps.settings.commands import ChangeSetting
from tests.support.settling import settle
from tests.support.shop import balances, ordered
from tests.support.sqlstate import refused

pytestmark = pytest.mark.exhaustive("each test delivers all events of an order", one_in=2)
OFF = "UPDATE ledger_account SET is_active = false WHERE code = '1100'"


@pytest.fixture
def paid_order(shop, controller):
    """An order that is paid, without its invoice yet, after which the setting names other receivables."""
    order = dispatch(ordered("", provider="manual"), actor=controller)
    settle()
    payment = Payment.objects.get()
    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="bank-1"), actor=controller)
    dispatch(OpenAccount(code="1110", name="Second receivables", type="asset"), actor=controller)
    dispatch(ChangeSetting(key="payments.receivable_account", value="1110"), actor=controller)
    return order


def nonzero():
    return {code: amount for code, amount in balances().items() if amount}


def test_an_order_is_invoiced_and_refunded_on_the_receivables_of_its_payment(paid_order, controller):
    settle()
    assert nonzero() == {"1000": Decimal("6.50"), "4000": Decimal("-6.50")}

    refund = RefundOrder(order_id=paid_order.pk, amount=Decimal("6.50"), reason="Returned", reference="R1")
    dispatch(refund, actor=controller)
    settle()

    assert nonzero() == {"4000": Decimal("-6.50"), "4900": Decimal("6.50")}
    assert queries.reconcile() == []


def test_receivables_of_an_order_without_an_invoice_stay_active(paid_order, controller):
    account = Account.objects.get(code="1100")
    deactivate = DeactivateAccount(account_id=account.pk, reason="Replaced.")

    with pytest.raises(AccountHasUninvoicedOrders, match=f"1100 has the payment of order {paid_order}"):
        dispatch(deactivate, actor=controller)
    for alias in ("default", "owner"):
        assert refused(OFF, alias=alias) == "BS004"

    settle()
    dispatch(deactivate, actor=controller)
