"""Webhooks of the providers, a closing check, and personal data in payments. Webhooks arrive in any order and more
than once; the commands are idempotent."""

from __future__ import annotations

from apps.bus import dispatch
from apps.kernel.money import Money
from apps.kernel.notation import amount_in_json, whole_number_in_json
from apps.kernel.pii import SECRET, TEXT, declare_pii
from apps.kernel.text import is_visible, sanitised
from apps.periods import hooks as periods
from apps.settings.business_day import business_day
from apps.webhooks import hooks as webhooks
from apps.webhooks.hooks import Incoming

from . import rules
from .commands import ConfirmPayment, FailPayment
from .errors import AmountMismatch, PaymentIsConfirmed, ProviderMismatch
from .models import Payment


def confirmed(message: Incoming) -> Payment:
    """Confirms a payment. `data`: {"payment_id": 7, "provider_payment_id": "bank-1", "amount": "12.50",
    "currency": "EUR"}; the last two are optional."""
    _must_be_from_provider(message)
    _must_match_amount(message)
    payment: Payment = dispatch(
        ConfirmPayment(
            payment_id=_payment_id(message),
            provider_payment_id=str(message.data["provider_payment_id"]),
            received_on=business_day(message.received_at),
        ),
        actor=message.actor,
    )
    return payment


def failed(message: Incoming) -> Payment | None:
    """Marks a payment as failed. `data`: {"payment_id": 7, "reason": "…"}. Ignored after the confirmation."""
    _must_be_from_provider(message)
    why = sanitised(str(message.data.get("reason") or ""))
    try:
        payment: Payment = dispatch(
            FailPayment(
                payment_id=_payment_id(message),
                reason=why if is_visible(why) else "The provider gave no reason.",
            ),
            actor=message.actor,
        )
    except PaymentIsConfirmed:
        return None
    return payment


def _payment_id(message: Incoming) -> int:
    return whole_number_in_json(message.data.get("payment_id"))


def _must_be_from_provider(message: Incoming) -> None:
    """A source may report only on payments of the provider with its name."""
    payment = Payment.objects.filter(pk=_payment_id(message)).first()
    if payment and payment.provider != message.source:
        raise ProviderMismatch(source=message.source, payment_id=payment.pk)


def _must_match_amount(message: Incoming) -> None:
    """A partial payment, or one in another currency, is refused; an operator must decide."""
    payment = Payment.objects.filter(pk=_payment_id(message)).first()
    amount, code = message.data.get("amount"), message.data.get("currency")
    if payment is None or amount is None:
        return
    received = Money.of(amount_in_json(amount), str(code or payment.currency))
    if received != payment.amount:
        raise AmountMismatch(received=received, requested=payment.amount, payment_id=payment.pk)


periods.closing_check(rules.no_payment_must_be_in_flight)
webhooks.incoming("payment.confirmed", confirmed)
webhooks.incoming("payment.failed", failed)

declare_pii("payments.Payment", token=SECRET, provider_payment_id=TEXT, why=TEXT)
declare_pii("payments.Refund", provider_refund_id=TEXT, reason=TEXT)
