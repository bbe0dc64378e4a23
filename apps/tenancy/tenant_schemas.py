"""The schemas of tenants: spares are made from the blueprint, claimed by new tenants, and dropped.

A spare is the blueprint restored under another name, with its own role; a new tenant claims one by a rename, which
takes a millisecond. The runtime owns nothing: it calls SECURITY DEFINER functions of the owner, so it can create
exactly these schemas and no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections

from apps.kernel.db import databases
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.tenant import HOME

from .models import Tenant
from .placement import tenant_mirror

SPARES = Lock("spares")


class Claimed(NamedTuple):
    """A claimed schema. Its number becomes the id of the tenant."""

    id: int
    schema: str
    role: str
    fingerprint: str


def claim(at: str = HOME) -> Claimed:
    """Claim a spare of the database; without one, create it first. Raises NoBlueprint through the bus.

    In a database other than home, the claim is committed at once, even if the tenant's row at home is rolled back:
    `manage.py databases` shows such orphaned schemas.
    """
    claimed = _claim(at)
    while claimed is None:
        make_spare(at)
        claimed = _claim(at)
    return claimed


def _claim(at: str) -> Claimed | None:
    with _runtime(at) as cursor:
        cursor.execute("SELECT * FROM tenancy_claim_spare(%s)", [settings.TENANT_SCHEMA_PREFIX])
        row = cursor.fetchone()
    return Claimed(*row) if row and row[0] else None


def next_number() -> int:
    """The id of a future tenant. The sequence at home serves all databases."""
    with _runtime(HOME) as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_tenant', 'id'))")
        number: int = cursor.fetchone()[0]
    return number


def make_spare(at: str = HOME) -> int:
    """Create a spare. Returns the id of its future tenant."""
    number = next_number()
    with _runtime(at) as cursor:
        cursor.execute("SELECT tenancy_make_spare(%s)", [number])
    return number


def refill(wanted: int, at: str = HOME) -> int:
    """Create spares of the present blueprint until there are `wanted`, each in its own transaction, to hold no locks.
    Returns the number created; 0 if another process is doing it."""
    made = 0
    with advisory_lock(SPARES.key()) as is_acquired:
        while is_acquired and spares(at) < wanted:
            make_spare(at)
            made += 1
    return made


def spares(at: str = HOME) -> int:
    """The number of claimable spares in the database."""
    with _runtime(at) as cursor:
        cursor.execute("SELECT count(*) FROM tenancy_spare JOIN tenancy_blueprint USING (fingerprint)")
        count: int = cursor.fetchone()[0]
    return count


def drop(tenant: Tenant) -> None:
    """Drop the schema, the role and the rows in shared tables of a tenant whose setup failed or whose grace period is
    over. The database refuses any other tenant."""
    tenant_mirror.update(tenant)
    for at in {HOME, tenant.database}:
        with _runtime(at) as cursor:
            cursor.execute("SELECT tenancy_forget(%s)", [tenant.pk])
    with _runtime(tenant.database) as cursor:
        cursor.execute("SELECT tenancy_drop(%s)", [tenant.pk])
    tenant_mirror.delete(tenant)


@contextmanager
def _runtime(at: str) -> Iterator[Any]:
    with connections[databases.at("default", at)].cursor() as cursor:
        yield cursor
