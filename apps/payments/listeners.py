"""Reactions of payments to events: calls to the provider, outside any transaction and retried. Each payment and
refund has an idempotency key, so a repeated call charges once. While payments are off, by a kill for example, no call
moves money, and the events wait."""

from __future__ import annotations

from apps.bus import dispatch
from apps.bus.gate import must_be_enabled
from apps.events import listens_to
from apps.kernel.text import sanitised

from . import receiving, rules
from .commands import ConfirmPayment, FailPayment, NoteCreditRefundSent, NoteRefundSent
from .errors import PaymentIsConfirmed
from .events import (
    CreditRefunded,
    PaymentConfirmed,
    PaymentFailed,
    PaymentRequested,
    PaymentVoided,
    RefundProcessed,
)
from .handlers.payments import PAYMENTS_SYSTEM
from .models import CreditRefund, Payment, Refund
from .providers import PROVIDERS
from .rules import provider_must_be_known


@listens_to(PaymentRequested, queue="financial", own_transactions=True)
def charge(event: PaymentRequested) -> None:
    """Charges an outstanding payment, and withdraws any other. If a killed worker had charged it before, the
    confirmation refunds it, or its money is on account."""
    payment = Payment.objects.get(pk=event.payment_id)
    if payment.paid_through == payment.provider:
        return
    provider = provider_must_be_known(payment.provider)
    is_outstanding = payment.state == Payment.State.REQUESTED
    if is_outstanding:
        must_be_enabled(ConfirmPayment, PAYMENTS_SYSTEM)
        rules.booking_must_be_possible(payment.currency)
    response = provider.charge(payment) if is_outstanding else provider.withdraw(payment)
    if response.transaction_id:
        receiving.receive_charge(payment, response, actor=PAYMENTS_SYSTEM)
    elif response.declined and is_outstanding:
        fail(payment.pk, response.declined)


@listens_to(PaymentVoided, queue="financial", own_transactions=True)
def withdraw(event: PaymentVoided) -> None:
    withdraw_at_provider(event.payment_id)


@listens_to(PaymentFailed, queue="financial", own_transactions=True)
def withdraw_failed(event: PaymentFailed) -> None:
    """A payment fails by a report or by a user, while its provider may still charge it."""
    withdraw_at_provider(event.payment_id)


@listens_to(PaymentConfirmed, queue="financial", own_transactions=True)
def withdraw_paid_otherwise(event: PaymentConfirmed) -> None:
    """A payment by card that was paid by transfer or from credits."""
    withdraw_at_provider(event.payment_id)


def withdraw_at_provider(payment_id: int) -> None:
    """Withdraws a payment that its provider need not charge any more. A charge whose confirmation was lost is confirmed
    here, and thereby refunded, or is on account if the payment was paid otherwise."""
    payment = Payment.objects.get(pk=payment_id)
    provider = PROVIDERS.get(payment.provider)
    if payment.paid_through == payment.provider or provider is None:
        return
    response = provider.withdraw(payment)
    if response.transaction_id:
        receiving.receive_charge(payment, response, actor=PAYMENTS_SYSTEM)


@listens_to(RefundProcessed, queue="financial", own_transactions=True)
def send_refund(event: RefundProcessed) -> None:
    """Sends a refund. A user records a refund that is sent manually, such as one of a provider that was removed."""
    refund = Refund.objects.select_related("payment").get(pk=event.refund_id)
    provider = PROVIDERS.get(refund.payment.paid_through)
    if refund.sent_at or provider is None:
        return
    must_be_enabled(NoteRefundSent, PAYMENTS_SYSTEM)
    response = provider.send_refund(refund)
    if response.transaction_id:
        dispatch(
            NoteRefundSent(refund_id=refund.pk, provider_refund_id=response.transaction_id),
            actor=PAYMENTS_SYSTEM,
        )


@listens_to(CreditRefunded, queue="financial", own_transactions=True)
def send_credit_refund(event: CreditRefunded) -> None:
    """Sends a refund of a credit the way its money came. Money that was refunded on account before goes out by hand."""
    refund = CreditRefund.objects.select_related("credit").get(pk=event.refund_id)
    provider = PROVIDERS.get(refund.credit.provider)
    if refund.sent_at or provider is None:
        return
    must_be_enabled(NoteCreditRefundSent, PAYMENTS_SYSTEM)
    response = provider.send_refund(refund)
    if response.transaction_id:
        dispatch(
            NoteCreditRefundSent(refund_id=refund.pk, provider_refund_id=response.transaction_id),
            actor=PAYMENTS_SYSTEM,
        )


def fail(payment_id: int, why: str) -> None:
    """Marks the payment as failed, unless it is confirmed."""
    try:
        dispatch(FailPayment(payment_id=payment_id, reason=sanitised(why)), actor=PAYMENTS_SYSTEM)
    except PaymentIsConfirmed:
        return
