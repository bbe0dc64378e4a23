"""Who brings the money. A provider is asked outside any transaction, and may be asked twice for the same key.

manual   a bank transfer: somebody sees it arrive and confirms it
sandbox  a simulated card processor, with a memory of its own (SandboxDeed) that commits by itself
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from apps.kernel.clock import now

from .errors import ProviderAway
from .models import Payment, Refund, SandboxDeed

SLOWNESS = 2
"""Seconds that the slow card takes."""


@dataclass(frozen=True)
class Answer:
    """What the provider says: done under a number of its own, declined for a reason, or neither yet."""

    done_as: str = ""
    declined: str = ""


LATER = Answer()
"""Somebody will say."""


class PaymentProvider(Protocol):
    """Asked again for the same payment or refund, it does nothing twice and gives the same answer. Raises
    ProviderAway when the answer is lost."""

    def charge(self, payment: Payment) -> Answer: ...

    def withdraw(self, payment: Payment) -> Answer:
        """Never charge it from now on. Says what was done if it was charged before, by somebody who never heard it."""
        ...

    def send_back(self, refund: Refund) -> Answer: ...


class Manual:
    """People: they confirm what they see on the bank's statement, and send back by hand what is refunded."""

    def charge(self, payment: Payment) -> Answer:
        return LATER

    def withdraw(self, payment: Payment) -> Answer:
        return LATER

    def send_back(self, refund: Refund) -> Answer:
        return LATER


class Sandbox:
    """What happens is written on the card: tok_ok pays, tok_declined does not, tok_slow takes its time, and
    tok_lost_answer pays and loses the answer, the first time."""

    def charge(self, payment: Payment) -> Answer:
        if payment.token == "tok_slow":  # noqa: S105 - a word of the sandbox, not a secret
            time.sleep(SLOWNESS)
        declined = "The card was declined." if payment.token in ("", "tok_declined") else ""
        deed, is_new = self._do(f"payment:{payment.pk}", payment.minor, payment.currency, declined)
        if is_new and payment.token == "tok_lost_answer":  # noqa: S105 - a word of the sandbox, not a secret
            raise ProviderAway(provider="sandbox")
        return _answer(deed)

    def withdraw(self, payment: Payment) -> Answer:
        deed, _ = self._do(f"payment:{payment.pk}", payment.minor, payment.currency, "It was withdrawn.")
        return _answer(deed)

    def send_back(self, refund: Refund) -> Answer:
        deed, _ = self._do(f"refund:{refund.pk}", refund.minor, refund.payment.currency, "")
        return _answer(deed)

    def _do(self, key: str, minor: int, currency: str, declined: str) -> tuple[SandboxDeed, bool]:
        """By INSERT … ON CONFLICT: of two who ask at once one does it, and both have the answer."""
        return SandboxDeed.objects.get_or_create(
            key=key,
            defaults={"minor": minor, "currency": currency, "declined": declined, "done_at": now()},
        )


def _answer(deed: SandboxDeed) -> Answer:
    return Answer(declined=deed.declined) if deed.declined else Answer(done_as=f"sandbox-{deed.pk}")


PROVIDERS: dict[str, PaymentProvider] = {"manual": Manual(), "sandbox": Sandbox()}
