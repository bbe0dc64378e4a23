"""A change of what is served becomes visible in all processes when its transaction commits, and never before."""

from __future__ import annotations

import logging

import redis
from django.db import transaction

from apps.kernel.cache import pubsub, stamps
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.limits import Limit
from apps.kernel.tenant import current_tenant

from . import platform, providers, tenants

CHANNEL = "flags"
log = logging.getLogger("bursar.flags")


def changed() -> None:
    """Call it in every handler that publishes, kills, revives, or moves a rollout, on the platform or in a tenant."""
    (tenants.cached if current_tenant() else platform.cached).invalidate()
    transaction.on_commit(_announce, robust=True)


def usage_changed(limit: Limit) -> None:
    """More of a limit is used in the current tenant. Flags for which it counts are evaluated anew."""
    if providers.current().entitles(limit.name):
        tenants.usage.invalidate()


def stamp_name() -> str:
    """Of the stamp that a change in the current tenant, or of the platform, replaces."""
    return tenant_cache_key(f"{tenants.AREA if current_tenant() else platform.AREA}:stamp")


def _announce() -> None:
    """Loads what is served now into Redis, so that each process need not read the database, and asks all processes to
    report when they serve it."""
    area = tenants.cached if current_tenant() else platform.cached
    try:
        name = stamp_name()
        payload = {"epoch": area.get("all").epoch, "name": name, "stamp": stamps.STAMPS.of(name)}
    except redis.RedisError as error:
        log.error(
            "A change of flags was not announced; it is visible after %s s: %s", platform.CACHE_TTL_S, error
        )
        return
    pubsub.publish(CHANNEL, payload)
