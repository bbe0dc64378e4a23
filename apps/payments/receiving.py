"""Money that a provider reports: a payment if it is exactly one, and otherwise on account. It is never refused for its
amount, nor because something else has paid for the same purpose."""

from __future__ import annotations

import datetime as dt

from apps.bus import dispatch
from apps.bus.errors import FactConflict
from apps.kernel.actors import Actor
from apps.kernel.money import Money

from .commands import ConfirmPayment, ReceiveTransfer
from .errors import PaymentIsConfirmed, ProviderIdTaken
from .models import Credit, Payment
from .providers import ProviderResponse


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
    """Books money for a payment. Another amount, or money through another provider, is on account."""
    if amount == payment.amount and provider == payment.provider:
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
        except (PaymentIsConfirmed, FactConflict, ProviderIdTaken):
            pass  # something else has paid for it
        else:
            return confirmed
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
