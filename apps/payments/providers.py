"""Who brings the money. A provider is asked outside any transaction, and may be asked twice for the same key.

manual   a bank transfer: somebody sees it arrive and confirms it
sandbox  a simulated card processor, with a memory of its own (SandboxOperation) that commits by itself
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from apps.kernel.clock import now

from .errors import ProviderUnavailable
from .models import Payment, Refund, SandboxOperation

SLOW_CARD_DELAY_S = 2
"""Seconds that the slow card takes."""


@dataclass(frozen=True)
class ProviderResponse:
    """What the provider says: done under a number of its own, declined for a reason, or neither yet."""

    transaction_id: str = ""
    declined: str = ""


PENDING = ProviderResponse()
"""Somebody will say."""


class PaymentProvider(Protocol):
    """Asked again for the same payment or refund, it does nothing twice and gives the same answer. Raises
    ProviderUnavailable when the answer is lost."""

    def charge(self, payment: Payment) -> ProviderResponse: ...

    def withdraw(self, payment: Payment) -> ProviderResponse:
        """Never charge it from now on. Says what was done if it was charged before, by somebody who never heard it."""
        ...

    def send_refund(self, refund: Refund) -> ProviderResponse: ...


class Manual:
    """People: they confirm what they see on the bank's statement, and send back by hand what is refunded."""

    def charge(self, payment: Payment) -> ProviderResponse:
        return PENDING

    def withdraw(self, payment: Payment) -> ProviderResponse:
        return PENDING

    def send_refund(self, refund: Refund) -> ProviderResponse:
        return PENDING


class Sandbox:
    """What happens is written on the card: tok_ok pays, tok_declined does not, tok_slow takes its time, and
    tok_lost_answer pays and loses the answer, the first time."""

    def charge(self, payment: Payment) -> ProviderResponse:
        if payment.token == "tok_slow":  # noqa: S105 - a word of the sandbox, not a secret
            time.sleep(SLOW_CARD_DELAY_S)
        declined = "The card was declined." if payment.token in ("", "tok_declined") else ""
        operation, is_new = self._do(
            f"payment:{payment.pk}", payment.amount_minor, payment.currency, declined
        )
        if is_new and payment.token == "tok_lost_answer":  # noqa: S105 - a word of the sandbox, not a secret
            raise ProviderUnavailable(provider="sandbox")
        return _response(operation)

    def withdraw(self, payment: Payment) -> ProviderResponse:
        operation, _ = self._do(
            f"payment:{payment.pk}", payment.amount_minor, payment.currency, "It was withdrawn."
        )
        return _response(operation)

    def send_refund(self, refund: Refund) -> ProviderResponse:
        operation, _ = self._do(f"refund:{refund.pk}", refund.amount_minor, refund.payment.currency, "")
        return _response(operation)

    def _do(self, key: str, minor: int, currency: str, declined: str) -> tuple[SandboxOperation, bool]:
        """By INSERT … ON CONFLICT: of two who ask at once one does it, and both have the answer."""
        return SandboxOperation.objects.get_or_create(
            key=key,
            defaults={"amount_minor": minor, "currency": currency, "declined": declined, "done_at": now()},
        )


def _response(operation: SandboxOperation) -> ProviderResponse:
    return (
        ProviderResponse(declined=operation.declined)
        if operation.declined
        else ProviderResponse(transaction_id=f"sandbox-{operation.pk}")
    )


PROVIDERS: dict[str, PaymentProvider] = {"manual": Manual(), "sandbox": Sandbox()}
