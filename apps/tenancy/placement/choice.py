"""The choice of the database for a new tenant."""

from __future__ import annotations

from django.db import connections

from apps.tenancy import rules

from .allocation import PlacementRequest
from .resolver import resolver


def choose_database(*, region: str = "", database: str = "") -> str:
    """The key of the database for a new tenant: the requested one, or the choice of the strategy. Raises
    DatabaseUnknown and NoDatabaseHasCapacity."""
    if database:
        rules.database_must_be_known(database)
        return database
    with connections["control"].cursor() as cursor:
        cursor.execute("SELECT last_value + 1 FROM tenancy_tenant_id_seq")
        (number,) = cursor.fetchone()
    return resolver().choose_database(PlacementRequest(number, region))
