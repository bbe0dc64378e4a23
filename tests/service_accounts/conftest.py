"""A service account of acme, and its program."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from apps.service_accounts.models import ServiceAccount
from tests.support.programs import ProgramClient, creation


@pytest.fixture
def payroll(acme: TenantInfo, owner: User) -> ServiceAccount:
    """An account of acme, with its token in `new_token`."""
    with activate(acme):
        account: ServiceAccount = dispatch(creation(owner), actor=owner)
    return account


@pytest.fixture
def program(acme: TenantInfo) -> Callable[..., ProgramClient]:
    """`program(token)` calls acme; `program(token, globex)` globex, `program(token, None)` the platform."""

    def calling(token: str, tenant: TenantInfo | None = acme) -> ProgramClient:
        return ProgramClient(token, tenant)

    return calling
