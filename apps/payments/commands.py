"""What payments can be asked. Amounts are in major units of their currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class RequestPayment(Command):
    """Ask for a payment. A card is charged by its provider afterwards; a bank transfer waits for somebody who sees it
    arrive.

    reference  what is paid for, such as "order:12"; it has one open payment
    token      what the provider knows the payer's card by; never a card's number
    """

    permission = "payments.request_payment"
    audit_message = "requested {result}"
    moves_money: ClassVar[bool] = True
    queue = "financial"

    reference: str
    amount: Decimal
    currency: str
    provider: str = "manual"
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class ConfirmPayment(Command):
    """Say that the money has come; it is posted to the books. Money that comes for a payment which is void or has
    failed is booked too, and given back."""

    permission = "payments.confirm_payment"
    audit_message = "confirmed {result}"
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("payment_id", "provider_payment_id")

    payment_id: int
    provider_payment_id: str

    def natural_key(self) -> str:
        return f"payment_confirmed:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class FailPayment(Command):
    """Say that the money will not come."""

    permission = "payments.confirm_payment"
    audit_message = "failed {result}"
    queue = "financial"

    payment_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class VoidPayment(Command):
    """Want the money no more. If it has come meanwhile, what is left of it is given back."""

    permission = "payments.refund_payment"
    audit_message = "voided {result}"
    queue = "financial"

    payment_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundPayment(Command):
    """Give money back. It is posted to the books now and sent by the provider afterwards; refunds together are never
    more than what was paid.

    reference  tells one refund of the payment from another: the same again is the refund that is there
    """

    permission = "payments.refund_payment"
    audit_message = "refunded {amount} of payment {payment_id}"
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
    """Say that the provider has sent a refund."""

    permission = "payments.confirm_payment"
    audit_message = "noted that {result} was sent"
    queue = "financial"

    refund_id: int
    provider_refund_id: str
