"""Webhooks of the providers, a closing check, and personal data in payments. Webhooks arrive in any order and more
than once; the commands are idempotent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.attachments.hooks import attachable
from apps.bus import dispatch
from apps.kernel.money import Money
from apps.kernel.notation import amount_in_json, whole_number_in_json
from apps.kernel.pii import NAME, REFERENCE, SECRET, TEXT, declare_pii, declare_references, declare_sources
from apps.kernel.text import is_visible, sanitised
from apps.ledger.hooks import Document, declare_document
from apps.periods import hooks as periods
from apps.settings.business_day import business_day
from apps.webhooks import hooks as webhooks
from apps.webhooks.hooks import Incoming

from . import receiving, rules
from .commands import FailPayment, ReceiveTransfer
from .errors import AmountMissing, PaymentIsConfirmed, PaymentUnknown, ProviderMismatch
from .models import Credit, Payment
from .providers import PROVIDERS
from .transfer_rules import booked_transfers

MAX_REFERENCE_LENGTH = 120


def confirmed(message: Incoming) -> Payment | Credit:
    """Confirms a payment. `data`: {"payment_id": 7, "provider_payment_id": "bank-1", "amount": "12.50",
    "currency": "EUR"}; the last two are optional. Money of another amount, for a payment that is paid already, or for
    one that does not exist, is on account."""
    payment = Payment.objects.filter(pk=_payment_id(message)).first()
    number = str(message.data["provider_payment_id"])
    amount = _amount(message, payment)
    if payment is None and amount:
        return _receive(message, amount, f"payment:{message.data['payment_id']}")
    if payment is None:
        raise PaymentUnknown(payment_id=message.data["payment_id"])
    if message.source not in PROVIDERS or (amount is None and message.source != payment.provider):
        raise ProviderMismatch(source=message.source, payment_id=payment.pk)
    return receiving.receive(
        payment,
        amount or payment.amount,
        message.source,
        number,
        received_on=business_day(message.received_at),
        actor=message.actor,
    )


def received(message: Incoming) -> Payment | Credit:
    """Books a transfer on account. `data`: {"provider_payment_id": "bank-2", "amount": "12.50", "currency": "EUR",
    "reference": "order:12"}; the reference is optional. It pays for what was, or will be, requested for it."""
    amount = _amount(message, None)
    if amount is None:
        raise AmountMissing
    return _receive(
        message, amount, sanitised(str(message.data.get("reference") or ""))[:MAX_REFERENCE_LENGTH].strip()
    )


def _receive(message: Incoming, amount: Money, reference: str) -> Payment | Credit:
    number = str(message.data["provider_payment_id"]).strip()
    for transfer in booked_transfers(number, amount, reference) if reference else ():
        return transfer.booked_as
    credit: Credit = dispatch(
        ReceiveTransfer(
            amount=amount.amount,
            currency=amount.currency.code,
            provider=message.source,
            provider_payment_id=number,
            reference=reference,
            received_on=business_day(message.received_at),
        ),
        actor=message.actor,
    )
    return credit


def _amount(message: Incoming, payment: Payment | None) -> Money | None:
    """The reported amount, by default in the currency of the payment; None if none is reported."""
    amount, code = message.data.get("amount"), message.data.get("currency")
    if amount is None or (code is None and payment is None):
        return None
    return Money.of(amount_in_json(amount), str(code or (payment.currency if payment else "")))


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


declare_document(
    Document(fact="payment_confirmed", name=_("a payment"), correction=_("Refund the payment instead.")),
    Document(
        fact="refund_ledger",
        name=_("a refund"),
        correction=_("A refund is final: request another payment instead."),
    ),
    Document(
        fact="transfer", name=_("money on account"), correction=_("Refund the money on account instead.")
    ),
    Document(
        fact="credit_refunded",
        name=_("a refund of money on account"),
        correction=_("A refund is final: book the money again when it returns."),
    ),
)
periods.closing_check(rules.no_payment_must_be_in_flight)
webhooks.incoming("payment.confirmed", confirmed)
webhooks.incoming("payment.failed", failed)
webhooks.incoming("transfer.received", received)

declare_references("payment", "payment_confirmed")
declare_sources(
    before_reference=("refund_ledger:[0-9]{1,12}", "credit_refunded:[0-9]{1,12}"),
    before_text=(f"transfer:(?:{'|'.join(PROVIDERS)})",),
)
declare_pii("payments.Payment", reference=REFERENCE, token=SECRET, provider_payment_id=TEXT, why=TEXT)
declare_pii("payments.Credit", payer_name=NAME, reference=REFERENCE, provider_payment_id=TEXT)
declare_pii("payments.CreditRefund", reference=REFERENCE, provider_refund_id=TEXT, reason=TEXT)
declare_pii("payments.Transfer", number=TEXT)
declare_pii("payments.Refund", reference=REFERENCE, provider_refund_id=TEXT, reason=TEXT)

attachable("payments.Payment", title=_("payment"))
