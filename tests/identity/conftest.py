from __future__ import annotations

import pytest

from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate


@pytest.fixture
def globex_accountant(globex: TenantInfo) -> User:
    with activate(globex):
        return User.objects.get(email="accountant@globex.example")
