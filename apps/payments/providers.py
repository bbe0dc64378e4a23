"""Payment providers. They are called outside any transaction, perhaps repeatedly with the same idempotency key.

manual   a bank transfer that a user confirms
sandbox  a simulated card processor with a database of its own (SandboxOperation) that commits independently
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Protocol

from apps.kernel.clock import now
from apps.settings.business_day import business_day

from .errors import ProviderUnavailable
from .models import CreditRefund, Payment, Refund, SandboxOperation

SLOW_CARD_DELAY_S = 2
"""The delay of the card tok_slow."""


@dataclass(frozen=True)
class ProviderResponse:
    """The result of a call: done with the provider's transaction id and its day, declined with a reason, or pending."""

    transaction_id: str = ""
    done_on: dt.date | None = None
    declined: str = ""


PENDING = ProviderResponse()
"""A user or a webhook reports the result later."""


class PaymentProvider(Protocol):
    """Repeated calls for the same payment or refund have no further effect and return the same response. Raises
    ProviderUnavailable if the response is lost."""

    def charge(self, payment: Payment) -> ProviderResponse: ...

    def withdraw(self, payment: Payment) -> ProviderResponse:
        """Prevents any future charge of the payment. Returns the charge if one was made before."""
        ...

    def send_refund(self, refund: Refund | CreditRefund) -> ProviderResponse: ...


class Manual:
    """Users confirm bank transfers from the bank statement, and send refunds manually."""

    def charge(self, payment: Payment) -> ProviderResponse:
        return PENDING

    def withdraw(self, payment: Payment) -> ProviderResponse:
        return PENDING

    def send_refund(self, refund: Refund | CreditRefund) -> ProviderResponse:
        return PENDING


class Sandbox:
    """The token decides the outcome: tok_ok pays, tok_declined is declined, tok_slow delays, and tok_lost_response pays
    and loses its first response."""

    def charge(self, payment: Payment) -> ProviderResponse:
        if payment.token == "tok_slow":  # noqa: S105 - a test token, not a secret
            time.sleep(SLOW_CARD_DELAY_S)
        declined = "The card was declined." if payment.token in ("", "tok_declined") else ""
        operation, is_new = self._run(
            f"payment:{payment.pk}", payment.amount_minor, payment.currency, declined
        )
        if is_new and payment.token == "tok_lost_response":  # noqa: S105 - a test token, not a secret
            raise ProviderUnavailable(provider="sandbox")
        return _response(operation)

    def withdraw(self, payment: Payment) -> ProviderResponse:
        operation, _ = self._run(
            f"payment:{payment.pk}", payment.amount_minor, payment.currency, "It was withdrawn."
        )
        return _response(operation)

    def send_refund(self, refund: Refund | CreditRefund) -> ProviderResponse:
        operation, _ = self._run(refund.provider_key, refund.amount_minor, refund.amount.currency.code, "")
        return _response(operation)

    def _run(self, key: str, minor: int, currency: str, declined: str) -> tuple[SandboxOperation, bool]:
        """INSERT … ON CONFLICT: one of two concurrent calls creates the row, and both return it."""
        return SandboxOperation.objects.get_or_create(
            key=key,
            defaults={"amount_minor": minor, "currency": currency, "declined": declined, "done_at": now()},
        )


def _response(operation: SandboxOperation) -> ProviderResponse:
    return (
        ProviderResponse(declined=operation.declined)
        if operation.declined
        else ProviderResponse(
            transaction_id=f"sandbox-{operation.pk}", done_on=business_day(operation.done_at)
        )
    )


PROVIDERS: dict[str, PaymentProvider] = {"manual": Manual(), "sandbox": Sandbox()}
