"""What payments plug into the hooks of others: a provider's webhooks. They come in any order and more than once, and
the commands are right each time."""

from __future__ import annotations

from apps.bus import dispatch
from apps.webhooks import hooks as webhooks
from apps.webhooks.hooks import Incoming

from .commands import ConfirmPayment, FailPayment
from .errors import PaymentIsConfirmed
from .models import Payment


def confirmed(message: Incoming) -> Payment:
    """`data`: {"payment_id": ours, "provider_payment_id": theirs}."""
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
    why = str(message.data.get("reason") or "The provider gave no reason.")
    try:
        payment: Payment = dispatch(
            FailPayment(payment_id=int(message.data["payment_id"]), reason=why), actor=message.actor
        )
    except PaymentIsConfirmed:
        return None
    return payment


webhooks.incoming("payment.confirmed", confirmed)
webhooks.incoming("payment.failed", failed)
