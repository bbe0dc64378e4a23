from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo
from apps.ledger.models import Account, Entry
from tests.support.books import sale


@pytest.fixture
def entry(chart: dict[str, Account], at_acme: TenantInfo, accountant: User) -> Entry:
    """A posted entry of acme."""
    posted: Entry = dispatch(sale(), actor=accountant)
    return posted
