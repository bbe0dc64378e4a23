"""What payments do when others tell: they ask the provider, outside any transaction and as often as it takes. The
provider knows each payment and refund by a key, so asking twice charges once."""

from __future__ import annotations

from apps.bus import dispatch
from apps.events import listens_to

from .commands import ConfirmPayment, FailPayment, NoteRefundSent
from .errors import PaymentIsConfirmed
from .events import PaymentRequested, PaymentVoided, RefundProcessed
from .handlers import PAYMENTS_SYSTEM
from .models import Payment, Refund
from .providers import PROVIDERS


@listens_to(PaymentRequested, queue="financial", own_transactions=True)
def charge(event: PaymentRequested) -> None:
    """Nobody is charged for a payment that is no longer wanted. One that was charged all the same, perhaps by a worker
    that died before it could say so, is given back by the confirmation."""
    payment = Payment.objects.get(pk=event.payment_id)
    if payment.state == Payment.State.CONFIRMED:
        return
    provider = PROVIDERS[payment.provider]
    wanted = payment.state == Payment.State.REQUESTED
    response = provider.charge(payment) if wanted else provider.withdraw(payment)
    if response.transaction_id:
        dispatch(
            ConfirmPayment(payment_id=payment.pk, provider_payment_id=response.transaction_id),
            actor=PAYMENTS_SYSTEM,
        )
    elif response.declined and wanted:
        fail(payment.pk, response.declined)


@listens_to(PaymentVoided, queue="financial", own_transactions=True)
def withdraw(event: PaymentVoided) -> None:
    """A charge whose confirmation never came to us, because its news was given up, is found and given back here."""
    payment = Payment.objects.get(pk=event.payment_id)
    if payment.state == Payment.State.CONFIRMED:
        return
    response = PROVIDERS[payment.provider].withdraw(payment)
    if response.transaction_id:
        dispatch(
            ConfirmPayment(payment_id=payment.pk, provider_payment_id=response.transaction_id),
            actor=PAYMENTS_SYSTEM,
        )


@listens_to(RefundProcessed, queue="financial", own_transactions=True)
def send_refund(event: RefundProcessed) -> None:
    """What a person sends by hand is noted by a person."""
    refund = Refund.objects.select_related("payment").get(pk=event.refund_id)
    if refund.sent_at:
        return
    response = PROVIDERS[refund.payment.provider].send_refund(refund)
    if response.transaction_id:
        dispatch(
            NoteRefundSent(refund_id=refund.pk, provider_refund_id=response.transaction_id),
            actor=PAYMENTS_SYSTEM,
        )


def fail(payment_id: int, why: str) -> None:
    """News that a payment failed, heard after it came, is old news."""
    try:
        dispatch(FailPayment(payment_id=payment_id, reason=why), actor=PAYMENTS_SYSTEM)
    except PaymentIsConfirmed:
        return
