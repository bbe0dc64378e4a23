from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.bus import dispatch
from apps.kernel.tenant import TenantInfo, activate
from apps.periods.models import Period
from apps.tenancy.commands import CreateTenant, SetTenantActive


@pytest.fixture
def at_blank(operator: object) -> Iterator[TenantInfo]:
    """A tenant without a fiscal calendar."""
    tenant = dispatch(
        CreateTenant(slug="blank", name="Blank", owner_email="owner@blank.example"), actor=operator
    )
    tenant = dispatch(SetTenantActive(tenant_id=tenant.pk), actor=operator)
    with activate(tenant.info):
        yield tenant.info


@pytest.fixture
def january(at_acme: TenantInfo) -> Period:
    return Period.objects.get(number=1)


@pytest.fixture
def february(at_acme: TenantInfo) -> Period:
    return Period.objects.get(number=2)
