"""The placement of a new tenant on a database."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from apps.tenancy.errors import NoDatabaseHasCapacity

from . import allocation, queries


class TenantDatabaseResolver:
    """Places new tenants by the strategy."""

    def __init__(self, strategy: allocation.Strategy) -> None:
        self.strategy = strategy

    def choose_database(self, request: allocation.PlacementRequest) -> str:
        """The key of the database for a new tenant. Raises NoDatabaseHasCapacity."""
        key = self.strategy(request, queries.candidates_for_new_tenants())
        if key is None:
            raise NoDatabaseHasCapacity(region=request.region or "any region")
        return key


@cache
def resolver() -> TenantDatabaseResolver:
    """Configured by TENANT_DATABASE_STRATEGY: single, hash, region, range, or the dotted path of a custom strategy."""
    return TenantDatabaseResolver(strategy_named(settings.TENANT_DATABASE_STRATEGY))


def strategy_named(name: str) -> allocation.Strategy:
    """Raises ImproperlyConfigured, or ImportError for a dotted path that leads nowhere."""
    match name:
        case "single":
            return allocation.single
        case "hash":
            return allocation.hashed
        case "region":
            return allocation.regional
        case "range":
            return allocation.ranged(_ranges())
        case _ if "." in name:
            strategy: allocation.Strategy = import_string(name)
            return strategy
    raise ImproperlyConfigured(
        f"TENANT_DATABASE_STRATEGY must be single, hash, region, range or a dotted path, not {name!r}."
    )


def _ranges() -> dict[int, str]:
    """`1=home,10000=east`: the first id of each database."""
    try:
        return {
            int(first): key
            for first, _, key in (range_.partition("=") for range_ in settings.TENANT_DATABASE_RANGES)
        }
    except ValueError:
        raise ImproperlyConfigured("TENANT_DATABASE_RANGES must have the form 1=home,10000=east.") from None
