"""Tables of payments."""

from .credits import CREDIT, Credit, CreditApplication, CreditQuerySet, CreditRefund, Transfer
from .payments import Payment, PaymentQuerySet, Refund, SandboxOperation

__all__ = [
    "CREDIT",
    "Credit",
    "CreditApplication",
    "CreditQuerySet",
    "CreditRefund",
    "Payment",
    "PaymentQuerySet",
    "Refund",
    "SandboxOperation",
    "Transfer",
]
