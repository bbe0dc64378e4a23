"""Mutual exclusion: one process at a time backs up, restores or moves a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.kernel.db.locks import Lock, LockKey, advisory_lock
from apps.kernel.tenant import TenantInfo, activate

from .errors import TransferBusy

TRANSFER = Lock("transfer:{tenant}")


@contextmanager
def transfer_lock(tenant: TenantInfo) -> Iterator[None]:
    """Excludes other backups, restores and moves of the tenant. Raises TransferBusy."""
    with activate(None), advisory_lock(lock_of(tenant.id)) as is_acquired:
        if not is_acquired:
            raise TransferBusy(name=tenant.name)
        yield


def lock_of(number: int | str) -> LockKey:
    return TRANSFER.key(tenant=number)
