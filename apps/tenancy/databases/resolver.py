"""Which database and which schema is a tenant's, and which a new one gets (decision C2)."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from apps.tenancy import directory
from apps.tenancy.errors import NoDatabaseHasRoom, TenantUnknown

from . import placing, queries


class TenantDatabaseResolver:
    """The directory answers for a tenant that is there; the strategy places one that is not."""

    def __init__(self, strategy: placing.Strategy) -> None:
        self.strategy = strategy

    def database_name_for_tenant(self, tenant_id: int) -> str:
        """The key of its database. Raises TenantUnknown."""
        tenant = directory.by_id(tenant_id)
        if tenant is None:
            raise TenantUnknown(slug=tenant_id)
        return tenant.database

    def schema_name_for_tenant(self, tenant_id: int) -> str:
        """Made of the id, which never changes, and the prefix of the settings."""
        return f"{settings.TENANT_SCHEMA_PREFIX}{tenant_id}"

    def place(self, newcomer: placing.Newcomer) -> str:
        """The key of the database in which to set it up. Raises NoDatabaseHasRoom."""
        key = self.strategy(newcomer, queries.open_to_newcomers())
        if key is None:
            raise NoDatabaseHasRoom(region=newcomer.region or "any region")
        return key


@cache
def resolver() -> TenantDatabaseResolver:
    """As TENANT_DATABASE_STRATEGY says: single, hash, region, range, or the dotted path of a strategy of your own."""
    return TenantDatabaseResolver(strategy_named(settings.TENANT_DATABASE_STRATEGY))


def strategy_named(name: str) -> placing.Strategy:
    """Raises ImproperlyConfigured."""
    match name:
        case "single":
            return placing.single
        case "hash":
            return placing.hashed
        case "region":
            return placing.regional
        case "range":
            return placing.ranged(_ranges())
        case _ if "." in name:
            strategy: placing.Strategy = import_string(name)
            return strategy
    raise ImproperlyConfigured(
        f"TENANT_DATABASE_STRATEGY is single, hash, region or range, and not {name!r}."
    )


def _ranges() -> dict[int, str]:
    """`1=home,10000=east`: from which id on which database."""
    try:
        return {
            int(first): key
            for first, _, key in (range_.partition("=") for range_ in settings.TENANT_DATABASE_RANGES)
        }
    except ValueError:
        raise ImproperlyConfigured("TENANT_DATABASE_RANGES is written 1=home,10000=east.") from None
