"""Queries of settings."""

from __future__ import annotations

from typing import Any, TypeVar

from apps.kernel.cache.caching import Cached

from .definitions import SettingDefinition
from .models import Setting

T = TypeVar("T")
CACHE_TTL_S = 3600


def _load(_: str) -> dict[str, Any]:
    return dict(Setting.objects.values_list("key", "value"))


cached: Cached[str, dict[str, Any]] = Cached("settings", _load, shape=dict[str, Any], ttl=CACHE_TTL_S)


def value(setting: SettingDefinition[T]) -> T:
    """The value for the current tenant: the one that was set, or the default."""
    chosen = cached.get("all").get(setting.key, setting.default)
    result: T = chosen
    return result
