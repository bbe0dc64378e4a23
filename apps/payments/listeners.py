"""Reactions of payments to events: calls to the provider, outside any transaction and retried. Each payment and
refund has an idempotency key, so a repeated call charges once."""

from __future__ import annotations

from apps.bus import dispatch
from apps.events import listens_to
from apps.kernel.text import sanitised

from . import rules
from .commands import ConfirmPayment, FailPayment, NoteRefundSent
from .errors import PaymentIsConfirmed
from .events import PaymentRequested, PaymentVoided, RefundProcessed
from .handlers import PAYMENTS_SYSTEM
from .models import Payment, Refund
from .providers import ProviderResponse
from .rules import provider_must_be_known


@listens_to(PaymentRequested, queue="financial", own_transactions=True)
def charge(event: PaymentRequested) -> None:
    """Charges an outstanding payment, and withdraws any other. If a killed worker had charged it before, the
    confirmation refunds it."""
    payment = Payment.objects.get(pk=event.payment_id)
    if payment.state == Payment.State.CONFIRMED:
        return
    provider = provider_must_be_known(payment.provider)
    is_outstanding = payment.state == Payment.State.REQUESTED
    if is_outstanding:
        rules.booking_must_be_possible(payment.currency)
    response = provider.charge(payment) if is_outstanding else provider.withdraw(payment)
    if response.transaction_id:
        _confirm(payment, response)
    elif response.declined and is_outstanding:
        fail(payment.pk, response.declined)


@listens_to(PaymentVoided, queue="financial", own_transactions=True)
def withdraw(event: PaymentVoided) -> None:
    """Withdraws a void payment. A charge whose confirmation was lost is confirmed here, and thereby refunded."""
    payment = Payment.objects.get(pk=event.payment_id)
    if payment.state == Payment.State.CONFIRMED:
        return
    response = provider_must_be_known(payment.provider).withdraw(payment)
    if response.transaction_id:
        _confirm(payment, response)


@listens_to(RefundProcessed, queue="financial", own_transactions=True)
def send_refund(event: RefundProcessed) -> None:
    """Sends a refund. A user records a refund that is sent manually."""
    refund = Refund.objects.select_related("payment").get(pk=event.refund_id)
    if refund.sent_at:
        return
    response = provider_must_be_known(refund.payment.provider).send_refund(refund)
    if response.transaction_id:
        dispatch(
            NoteRefundSent(refund_id=refund.pk, provider_refund_id=response.transaction_id),
            actor=PAYMENTS_SYSTEM,
        )


def _confirm(payment: Payment, response: ProviderResponse) -> None:
    dispatch(
        ConfirmPayment(
            payment_id=payment.pk,
            provider_payment_id=response.transaction_id,
            received_on=response.done_on,
        ),
        actor=PAYMENTS_SYSTEM,
    )


def fail(payment_id: int, why: str) -> None:
    """Marks the payment as failed, unless it is confirmed."""
    try:
        dispatch(FailPayment(payment_id=payment_id, reason=sanitised(why)), actor=PAYMENTS_SYSTEM)
    except PaymentIsConfirmed:
        return
