"""Reads of a tenant's data by the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from apps.kernel.tenant import TenantInfo, activate


@contextmanager
def within(tenant: TenantInfo | None) -> Iterator[None]:
    """Activates the tenant in a transaction, which a transaction pooler requires. Raises TenantSwitchInTransaction."""
    with activate(tenant), transaction.atomic():
        yield
