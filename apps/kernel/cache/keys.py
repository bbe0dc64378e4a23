"""Keys in Redis. Every key belongs to a tenant."""

from __future__ import annotations

import logging

import redis

from apps.kernel.tenant import current_tenant

from .redis_client import client

log = logging.getLogger(__name__)


def tenant_cache_key(key: str, tenant_id: int | str | None = None) -> str:
    """`tenant:{id}:{key}`, by default of the current tenant; the platform's id is `public`.

    Pass `tenant_id` where the platform stores data about a tenant, so that the key is removed with the tenant.
    """
    if tenant_id is None:
        tenant = current_tenant()
        tenant_id = tenant.id if tenant else "public"
    return f"tenant:{tenant_id}:{key}"


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's `KEY_FUNCTION`: makes sessions, throttles and all other cache entries belong to a tenant."""
    return tenant_cache_key(f"{key_prefix}{version}:{key}")


def forget_tenant(tenant_id: int) -> None:
    """Remove every key of a deleted tenant. While Redis is unavailable, its keys expire by themselves."""
    try:
        for key in client().scan_iter(match=tenant_cache_key("*", tenant_id), count=1_000):
            client().unlink(key)
    except redis.RedisError as error:
        log.warning("Keys of tenant %s were not removed and will expire: %s", tenant_id, error)
