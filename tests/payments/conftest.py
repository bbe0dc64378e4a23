from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo
from apps.ledger.commands import OpenAccount
from apps.payments.commands import ConfirmPayment, RequestPayment
from apps.payments.models import Payment


@pytest.fixture
def till(at_acme: TenantInfo, controller: User) -> None:
    """The accounts of payments, in the tenant acme."""
    accounts = (
        ("1000", "Bank", "asset"),
        ("1100", "Receivables", "asset"),
        ("2100", "Customer credits", "liability"),
    )
    for code, name, type in accounts:
        dispatch(OpenAccount(code=code, name=name, type=type), actor=controller)


@pytest.fixture
def requested(till: None, accountant: User) -> Payment:
    """An outstanding bank transfer of 100.00 for order 1."""
    command = RequestPayment(reference="order:1", amount=Decimal(100), currency="USD")
    payment: Payment = dispatch(command, actor=accountant)
    return payment


@pytest.fixture
def paid(requested: Payment, accountant: User) -> Payment:
    """The confirmed bank transfer."""
    command = ConfirmPayment(payment_id=requested.pk, provider_payment_id="bank-1")
    payment: Payment = dispatch(command, actor=accountant)
    return payment
