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
    """The accounts of payments; the test happens in acme."""
    for code, name in (("1000", "Bank"), ("1100", "Receivables")):
        dispatch(OpenAccount(code=code, name=name, type="asset"), actor=controller)


@pytest.fixture
def asked(till: None, accountant: User) -> Payment:
    """A bank transfer of 100.00 for order 1 that is waited for."""
    command = RequestPayment(reference="order:1", amount=Decimal(100), currency="USD")
    payment: Payment = dispatch(command, actor=accountant)
    return payment


@pytest.fixture
def paid(asked: Payment, accountant: User) -> Payment:
    """It has come."""
    command = ConfirmPayment(payment_id=asked.pk, provider_payment_id="bank-1")
    payment: Payment = dispatch(command, actor=accountant)
    return payment
