"""The commands of payments. Amounts are in major units of their currency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class RequestPayment(Command):
    """Request a payment. The provider charges a card afterwards; a bank transfer waits until a user confirms it.

    reference  the purpose, such as "order:12"; it has one open payment
    token      the provider's token for the payer's card; never a card number
    """

    permission = "payments.request_payment"
    audit_message = gettext_noop("requested {result}")
    moves_money: ClassVar[bool] = True
    queue = "financial"

    reference: str
    amount: Decimal
    currency: str
    provider: str = "manual"
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class ConfirmPayment(Command):
    """Confirm that the money was received, and post it to the ledger. Money for a void or failed payment is posted
    and refunded.

    received_on  the day of the receipt, today by default; if its period is closed, the entry is on the first open day
    """

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("confirmed {result}")
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("payment_id", "provider_payment_id")

    payment_id: int
    provider_payment_id: str
    received_on: dt.date | None = None

    def natural_key(self) -> str:
        return f"payment_confirmed:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class FailPayment(Command):
    """Mark an outstanding payment as failed."""

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("marked {result} as failed")
    queue = "financial"

    payment_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class VoidPayment(Command):
    """Void an outstanding payment. A payment that is already confirmed is refunded."""

    permission = "payments.refund_payment"
    audit_message = gettext_noop("voided {result}")
    queue = "financial"

    payment_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundPayment(Command):
    """Refund part or all of a payment. The refund is posted to the ledger now and sent by the provider afterwards;
    the refunds of a payment never exceed its amount.

    reference  identifies the refund among those of the payment: a repeated reference returns the existing refund
    """

    permission = "payments.refund_payment"
    audit_message = gettext_noop("refunded {amount} of payment {payment_id}")
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("payment_id", "reference", "amount")

    payment_id: int
    amount: Decimal
    reason: str
    reference: str

    def natural_key(self) -> str:
        return f"refund_ledger:{self.payment_id}:{self.reference}"


@dataclass(frozen=True, kw_only=True)
class NoteRefundSent(Command):
    """Record that the provider has sent a refund."""

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("recorded that {result} was sent")
    queue = "financial"

    refund_id: int
    provider_refund_id: str
