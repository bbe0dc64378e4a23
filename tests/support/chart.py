"""A small chart of accounts."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Account

CHART = (
    ("1000", "Cash", "asset"),
    ("2000", "Loans", "liability"),
    ("3000", "Capital", "equity"),
    ("4000", "Sales", "income"),
    ("5000", "Rent", "expense"),
)


@pytest.fixture
def chart(at_acme: TenantInfo, controller: User) -> dict[str, Account]:
    """The accounts by code, in the tenant acme."""
    return {
        code: dispatch(OpenAccount(code=code, name=name, type=type), actor=controller)
        for code, name, type in CHART
    }
