"""What payments plug into the hooks of others: a provider's webhooks. They come in any order and more than once, and
the commands are right each time."""

from __future__ import annotations

from decimal import Decimal

from apps.bus import dispatch
from apps.kernel.money import Money
from apps.kernel.pii import SECRET, TEXT, declare_pii
from apps.webhooks import hooks as webhooks
from apps.webhooks.hooks import Incoming

from .commands import ConfirmPayment, FailPayment
from .errors import AmountMismatch, PaymentIsConfirmed, ProviderMismatch
from .models import Payment


def confirmed(message: Incoming) -> Payment:
    """`data`: {"payment_id": ours, "provider_payment_id": theirs, "amount": "12.50", "currency": "EUR"}, the last two
    where the provider says them."""
    _must_be_its_provider(message)
    _must_be_what_was_asked(message)
    payment: Payment = dispatch(
        ConfirmPayment(
            payment_id=int(message.data["payment_id"]),
            provider_payment_id=str(message.data["provider_payment_id"]),
        ),
        actor=message.actor,
    )
    return payment


def failed(message: Incoming) -> Payment | None:
    """`data`: {"payment_id": ours, "reason": theirs}. Heard after the confirmation, it is old news."""
    _must_be_its_provider(message)
    why = str(message.data.get("reason") or "The provider gave no reason.")
    try:
        payment: Payment = dispatch(
            FailPayment(payment_id=int(message.data["payment_id"]), reason=why), actor=message.actor
        )
    except PaymentIsConfirmed:
        return None
    return payment


def _must_be_its_provider(message: Incoming) -> None:
    """A source speaks for the provider whose name it has, and for no other's payments."""
    payment = Payment.objects.filter(pk=int(message.data["payment_id"])).first()
    if payment and payment.provider != message.source:
        raise ProviderMismatch(source=message.source, payment_id=payment.pk)


def _must_be_what_was_asked(message: Incoming) -> None:
    """Part of the money, or money of another country, does not pay: somebody has to look."""
    payment = Payment.objects.filter(pk=int(message.data["payment_id"])).first()
    amount, code = message.data.get("amount"), message.data.get("currency")
    if payment is None or amount is None:
        return
    told = Money.of(Decimal(str(amount)), str(code or payment.currency))
    if told != payment.amount:
        raise AmountMismatch(told=told, wanted=payment.amount, payment_id=payment.pk)


webhooks.incoming("payment.confirmed", confirmed)
webhooks.incoming("payment.failed", failed)

declare_pii("payments.Payment", token=SECRET, provider_payment_id=TEXT, why=TEXT)
declare_pii("payments.Refund", provider_refund_id=TEXT, reason=TEXT)
