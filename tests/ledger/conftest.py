from __future__ import annotations

import pytest

from apps.kernel.tenant import TenantInfo
from apps.periods.models import Period


@pytest.fixture
def january(at_acme: TenantInfo) -> Period:
    return Period.objects.get(number=1)
