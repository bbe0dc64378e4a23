"""Money that a provider reports: a payment if it is exactly one, and otherwise on account. It is never refused for its
amount, nor because something else has paid for the same purpose."""

from __future__ import annotations

import datetime as dt

from apps.bus import dispatch
from apps.bus.errors import FactConflict
from apps.kernel.actors import Actor
from apps.kernel.money import Money

from .commands import ConfirmPayment, ReceiveTransfer
from .covering import TRANSFERS
from .errors import PaymentIsConfirmed, ProviderIdTaken, TransferOfOtherProvider
from .models import Credit, Payment
from .providers import ProviderResponse
from .transfer_rules import booked_transfers


def receive_charge(payment: Payment, response: ProviderResponse, *, actor: Actor) -> Payment | Credit:
    """Confirms the payment that its provider has charged. The charge of one that is paid otherwise is on account."""
    return receive(
        payment,
        payment.amount,
        payment.provider,
        response.transaction_id,
        received_on=response.done_on,
        actor=actor,
    )


def receive(
    payment: Payment,
    amount: Money,
    provider: str,
    number: str,
    *,
    received_on: dt.date | None,
    actor: Actor,
) -> Payment | Credit:
    """Books money for a payment. Another amount, money through another provider, or money for an ended payment that
    another one replaces, is on account. What is booked already, also through another provider, is returned."""
    if amount == payment.amount and provider == payment.provider and not _is_replaced(payment):
        try:
            confirmed: Payment = dispatch(
                ConfirmPayment(
                    payment_id=payment.pk,
                    provider_payment_id=number,
                    provider=provider,
                    received_on=received_on,
                ),
                actor=actor,
            )
        except (PaymentIsConfirmed, FactConflict, ProviderIdTaken, TransferOfOtherProvider):
            pass  # something else has paid for it, or the transfer was entered as one of another provider
        else:
            return confirmed
    for transfer in booked_transfers(number.strip(), amount, payment.reference):
        return transfer.booked_as
    credit: Credit = dispatch(
        ReceiveTransfer(
            payment_id=payment.pk,
            amount=amount.amount,
            currency=amount.currency.code,
            provider=provider,
            provider_payment_id=number,
            received_on=received_on,
        ),
        actor=actor,
    )
    return credit


def _is_replaced(payment: Payment) -> bool:
    """Whether money for the payment, a bank transfer that is void or has failed, belongs to another one that is
    outstanding for the same purpose. The late charge of a card is refunded instead."""
    outstanding = Payment.objects.filter(
        reference=payment.reference, provider=payment.provider, state=Payment.State.REQUESTED
    )
    is_over = payment.state in (Payment.State.VOID, Payment.State.FAILED)
    return is_over and payment.provider in TRANSFERS and outstanding.exists()
