"""A repeated command returns the existing row if its arguments are the same, and is refused otherwise."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.bus.errors import FactConflict
from apps.payments.commands import (
    ConfirmPayment,
    NoteCreditRefundSent,
    NoteRefundSent,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
)
from apps.payments.errors import ProviderIdTaken, RefundSentDiffers, TransferDiffers
from apps.payments.models import Credit


def test_a_refund_that_was_sent_is_not_sent_with_another_number(paid, controller):
    refund = dispatch(
        RefundPayment(payment_id=paid.pk, amount=Decimal(100), reason="Returned", reference="R1"),
        actor=controller,
    )
    sent = NoteRefundSent(refund_id=refund.pk, provider_refund_id="out-1")
    first = dispatch(sent, actor=controller)

    assert dispatch(sent, actor=controller).sent_at == first.sent_at
    with pytest.raises(RefundSentDiffers, match="sent already, as out-1 and not as out-2"):
        dispatch(replace(sent, provider_refund_id="out-2"), actor=controller)


def test_a_refund_of_a_credit_that_was_sent_is_not_sent_with_another_number(till, controller):
    transfer = ReceiveTransfer(amount=Decimal(60), currency="USD", provider_payment_id="bank-1")
    credit = dispatch(transfer, actor=controller)
    refund = dispatch(
        RefundCredit(credit_id=credit.pk, amount=Decimal(60), reason="Paid twice", reference="R1"),
        actor=controller,
    )
    sent = NoteCreditRefundSent(refund_id=refund.pk, provider_refund_id="out-1")
    first = dispatch(sent, actor=controller)

    assert dispatch(sent, actor=controller).sent_at == first.sent_at
    with pytest.raises(RefundSentDiffers, match="sent already, as out-1 and not as out-2"):
        dispatch(replace(sent, provider_refund_id="out-2"), actor=controller)


@pytest.mark.parametrize(
    ("other", "refusal"),
    [({"reference": "order:2"}, TransferDiffers), ({"amount": Decimal(61)}, ProviderIdTaken)],
)
def test_a_transfer_is_not_reported_again_with_other_arguments(till, controller, other, refusal):
    transfer = ReceiveTransfer(
        amount=Decimal(60), currency="USD", provider_payment_id="bank-1", reference="order:1"
    )
    first = dispatch(transfer, actor=controller)

    assert dispatch(transfer, actor=controller).pk == first.pk
    assert dispatch(replace(transfer, reference=""), actor=controller).pk == first.pk
    with pytest.raises(refusal):
        dispatch(replace(transfer, **other), actor=controller)
    assert Credit.objects.count() == 1


def test_a_payment_is_not_confirmed_again_through_another_provider(paid, controller):
    with pytest.raises(FactConflict):
        dispatch(
            ConfirmPayment(payment_id=paid.pk, provider_payment_id="bank-1", provider="sandbox"),
            actor=controller,
        )
