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

    provider  the provider that received the money: a refund is sent the same way. That of the payment, if empty
    received_on  the day of the receipt, today by default; if its period is closed, the entry is on the first open day
    """

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("confirmed {result}")
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("payment_id", "provider_payment_id", "provider")

    payment_id: int
    provider_payment_id: str
    provider: str = ""
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
    """Record that the provider, or a user, has sent a refund. A repetition with another number is refused."""

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("recorded that {result} was sent")
    queue = "financial"

    refund_id: int
    provider_refund_id: str


@dataclass(frozen=True, kw_only=True)
class ReceiveTransfer(Command):
    """Book money that arrived and confirms no payment as it is: a part of a payment, more than it, or money without a
    payment. It is on account of the customer. Transfers for the same purpose confirm its payment once they cover it.

    provider_payment_id  the id of the transfer at the bank or provider; a transfer is booked once, and a repetition
                         returns its credit, or is refused for another amount, purpose or customer
    payment_id           the payment that the money is for; 0 if there is none yet
    reference            the purpose, such as "order:12", if there is no payment yet
    payer                the code of the customer, if neither payment nor purpose names it
    received_on          as of a confirmed payment
    """

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("received {amount} {currency} on account")
    moves_money: ClassVar[bool] = True
    queue = "financial"

    amount: Decimal
    currency: str
    provider_payment_id: str
    provider: str = "manual"
    payment_id: int = 0
    reference: str = ""
    payer: str = ""
    received_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class ApplyCredit(Command):
    """Confirm an outstanding payment with money on account: with this credit first, and as far as needed with others of
    the customer. They must cover the payment, since a payment is never part-paid."""

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("paid {result} from credit {credit_id}")
    moves_money: ClassVar[bool] = True
    queue = "financial"

    credit_id: int
    payment_id: int


@dataclass(frozen=True, kw_only=True)
class RefundCredit(Command):
    """Return money on account to the customer. It is posted now; the provider that received it, or a user, sends it
    afterwards.

    reference  identifies the refund among those of the credit: a repeated reference returns the existing refund
    """

    permission = "payments.refund_payment"
    audit_message = gettext_noop("refunded {amount} of credit {credit_id}")
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("credit_id", "reference", "amount")

    credit_id: int
    amount: Decimal
    reason: str
    reference: str

    def natural_key(self) -> str:
        return f"credit_refunded:{self.credit_id}:{self.reference}"


@dataclass(frozen=True, kw_only=True)
class NoteCreditRefundSent(Command):
    """Record that a refund of a credit was sent. A repetition with another number is refused."""

    permission = "payments.confirm_payment"
    audit_message = gettext_noop("recorded that {result} was sent")
    queue = "financial"

    refund_id: int
    provider_refund_id: str
