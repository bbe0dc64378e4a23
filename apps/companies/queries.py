"""Queries of companies."""

from __future__ import annotations

from apps.kernel.cache.caching import Cached
from apps.kernel.tenant import current_tenant

from .models import Company

CACHE_TTL_S = 300
NONE = 0


def first_company() -> Company | None:
    """The company that was added at onboarding."""
    return Company.objects.order_by("id").first()


def _first_id(_: str) -> int:
    if current_tenant() is None:
        return NONE
    return Company.objects.order_by("id").values_list("id", flat=True).first() or NONE


cached: Cached[str, int] = Cached("companies", _first_id, shape=int, ttl=CACHE_TTL_S)


def first_company_id() -> int | None:
    """The same, without its row: from memory, since every evaluation of a flag needs it."""
    return cached.get("first") or None
