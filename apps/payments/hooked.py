"""What payments plug into the hooks of others: a provider's webhooks. They come in any order and more than once, and
the commands are right each time."""

from __future__ import annotations

from apps.bus import dispatch
from apps.webhooks import hooks as webhooks
from apps.webhooks.hooks import Incoming

from .commands import ConfirmPayment, FailPayment
from .errors import NotItsProvider, PaymentIsConfirmed
from .models import Payment


def confirmed(message: Incoming) -> Payment:
    """`data`: {"payment_id": ours, "provider_payment_id": theirs}."""
    _must_be_its_provider(message)
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
        raise NotItsProvider(source=message.source, payment_id=payment.pk)


webhooks.incoming("payment.confirmed", confirmed)
webhooks.incoming("payment.failed", failed)
