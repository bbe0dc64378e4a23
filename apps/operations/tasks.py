"""What comes round."""

from __future__ import annotations

from apps.kernel.periodic import every
from apps.kernel.queues import LowTask
from apps.kernel.tenant import current_tenant

from . import counting


@every(seconds=300, base=LowTask, name="operations.count", where="tenants")
def count() -> None:
    if tenant := current_tenant():
        counting.count(tenant)
