"""Questions about settings."""

from __future__ import annotations

from typing import Any, TypeVar

from apps.kernel.caching import Cached

from .definitions import SettingDefinition
from .models import Setting

T = TypeVar("T")
TTL = 3600


def _load(_: str) -> dict[str, Any]:
    return dict(Setting.objects.values_list("key", "value"))


cached: Cached[str, dict[str, Any]] = Cached("settings", _load, ttl=TTL)


def value(setting: SettingDefinition[T]) -> T:
    """What the setting is for the current tenant: what was set, or its default."""
    chosen = cached.get("all").get(setting.key, setting.default)
    result: T = chosen
    return result
