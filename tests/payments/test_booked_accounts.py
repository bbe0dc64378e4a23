"""What was booked is settled and refunded on the account on which it was booked, whatever the settings name by then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.ledger.commands import DeactivateAccount, OpenAccount
from apps.ledger.models import Account
from apps.payments import queries
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
)
from apps.payments.errors import AccountHasOpenCredits
from apps.settings.commands import ChangeSetting
from tests.support.shop import balances
from tests.support.sqlstate import refused

NEW_ACCOUNTS = {
    "payments.bank_account": ("1010", "Second bank", "asset"),
    "payments.receivable_account": ("1110", "Second receivables", "asset"),
    "payments.credit_account": ("2110", "Second credits", "liability"),
}


def transfer(amount, number, **fields):
    return ReceiveTransfer(amount=Decimal(amount), currency="USD", provider_payment_id=number, **fields)


def deactivate(code, actor):
    account = Account.objects.get(code=code)
    return dispatch(DeactivateAccount(account_id=account.pk, reason="Replaced."), actor=actor)


def nonzero():
    return {code: amount for code, amount in balances().items() if amount}


@pytest.fixture
def rename(till, controller):
    """Opens other accounts and names them in the settings."""

    def change(*keys):
        for key in keys or NEW_ACCOUNTS:
            code, name, type = NEW_ACCOUNTS[key]
            dispatch(OpenAccount(code=code, name=name, type=type), actor=controller)
            dispatch(ChangeSetting(key=key, value=code), actor=controller)

    return change


def test_credits_of_two_accounts_cover_a_payment_from_their_own_accounts(rename, accountant):
    early = dispatch(transfer(60, "bank-1"), actor=accountant)
    rename("payments.credit_account")
    late = dispatch(transfer(60, "bank-2"), actor=accountant)
    payment = dispatch(
        RequestPayment(reference="order:1", amount=Decimal(60), currency="USD"), actor=accountant
    )
    dispatch(ApplyCredit(credit_id=early.pk, payment_id=payment.pk), actor=accountant)

    assert nonzero() == {"1000": 120, "1100": -60, "2110": -60}
    assert late.unused.minor == 6000
    assert queries.reconcile() == []


def test_a_payment_is_covered_from_the_accounts_of_all_its_credits(rename, accountant):
    dispatch(transfer(60, "bank-1", reference="order:1"), actor=accountant)
    rename("payments.credit_account")
    dispatch(transfer(40, "bank-2", reference="order:1"), actor=accountant)

    payment = dispatch(
        RequestPayment(reference="order:1", amount=Decimal(100), currency="USD"), actor=accountant
    )

    assert payment.state == "confirmed"
    assert nonzero() == {"1000": 100, "1100": -100}
    assert queries.reconcile() == []


def test_a_credit_is_refunded_from_the_accounts_on_which_it_was_booked(rename, controller):
    credit = dispatch(transfer(60, "bank-1"), actor=controller)
    rename()

    dispatch(
        RefundCredit(credit_id=credit.pk, amount=Decimal(60), reason="Paid twice", reference="R1"),
        actor=controller,
    )

    assert nonzero() == {}


def test_a_payment_is_refunded_through_the_accounts_on_which_it_was_booked(rename, paid, controller):
    rename()

    dispatch(
        RefundPayment(payment_id=paid.pk, amount=Decimal(100), reason="Returned", reference="R1"),
        actor=controller,
    )

    assert nonzero() == {}
    assert queries.reconcile() == []


def test_a_refund_of_a_payment_from_credits_is_a_credit_on_the_account_of_today(rename, controller):
    dispatch(transfer(100, "bank-1", reference="order:1"), actor=controller)
    payment = dispatch(
        RequestPayment(reference="order:1", amount=Decimal(100), currency="USD"), actor=controller
    )
    rename()

    dispatch(
        RefundPayment(payment_id=payment.pk, amount=Decimal(100), reason="Returned", reference="R1"),
        actor=controller,
    )

    assert nonzero() == {"1000": 100, "2110": -100}
    assert queries.reconcile() == []


def test_a_payment_of_an_inactive_bank_account_is_refunded_from_the_account_of_today(
    rename, requested, controller
):
    dispatch(ConfirmPayment(payment_id=requested.pk, provider_payment_id="bank-1"), actor=controller)
    rename("payments.bank_account")
    deactivate("1000", controller)

    dispatch(
        RefundPayment(payment_id=requested.pk, amount=Decimal(100), reason="Returned", reference="R1"),
        actor=controller,
    )

    assert nonzero() == {"1000": 100, "1010": -100}


def test_an_account_with_open_credits_stays_active(rename, controller):
    credit = dispatch(transfer(60, "bank-1"), actor=controller)
    rename()

    with pytest.raises(AccountHasOpenCredits, match=f"2100 has open credits, such as credit {credit.pk}"):
        deactivate("2100", controller)
    for alias in ("default", "owner"):
        off = "UPDATE ledger_account SET is_active = false WHERE code = '2100'"
        assert refused(off, alias=alias) == "BY007"

    dispatch(
        RefundCredit(credit_id=credit.pk, amount=Decimal(60), reason="Paid twice", reference="R1"),
        actor=controller,
    )
    deactivate("2100", controller)
