"""What has happened to payments. `reference` is what is paid for, such as "order:12"."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class PaymentRequested(Event):
    """Somebody is to pay. The provider has not been asked yet."""

    name = "payment.requested"

    payment_id: int
    reference: str
    provider: str

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class PaymentConfirmed(Event):
    """The money has come, and is in the books by the entry."""

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
    """The money will not come."""

    name = "payment.failed"

    payment_id: int
    reference: str
    why: str

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class PaymentVoided(Event):
    """Nobody wants the money any more."""

    name = "payment.voided"

    payment_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, kw_only=True)
class RefundProcessed(Event):
    """Money is given back, and in the books by the entry. The provider has not been asked yet."""

    name = "refund.processed"
    instrumented_as: ClassVar[str] = "refund_processed"

    refund_id: int
    payment_id: int
    reference: str
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"payment:{self.payment_id}"
