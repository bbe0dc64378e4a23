"""Events of payments. `reference` is the purpose of the payment, such as "order:12"."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class PaymentRequested(Event):
    """A payment was requested. The provider has not been called yet."""

    name = "payment.requested"

    payment_id: int
    reference: str
    provider: str

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class PaymentConfirmed(Event):
    """The money was received, and posted as entry `entry_id`."""

    name = "payment.confirmed"
    instrumented_as: ClassVar[str] = "payment_confirmed"

    payment_id: int
    reference: str
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(Event):
    """The payment failed."""

    name = "payment.failed"

    payment_id: int
    reference: str
    why: str

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class PaymentVoided(Event):
    """The payment is no longer requested."""

    name = "payment.voided"

    payment_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class RefundProcessed(Event):
    """A refund was posted as entry `entry_id`. The provider has not been called yet."""

    name = "refund.processed"
    instrumented_as: ClassVar[str] = "refund_processed"

    refund_id: int
    payment_id: int
    reference: str
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class CreditReceived(Event):
    """Money was received on account, and posted as entry `entry_id`."""

    name = "credit.received"

    credit_id: int
    payer: str
    reference: str
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"credit:{self.credit_id}"


@dataclass(frozen=True, kw_only=True)
class CreditApplied(Event):
    """A part of a credit covers a payment, together with the other parts of the same transaction."""

    name = "credit.applied"

    credit_id: int
    payment_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"credit:{self.credit_id}"


@dataclass(frozen=True, kw_only=True)
class CreditRefunded(Event):
    """A refund of a credit was posted as entry `entry_id`. The provider has not been called yet."""

    name = "credit.refunded"

    refund_id: int
    credit_id: int
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"credit:{self.credit_id}"
