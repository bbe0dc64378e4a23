"""Handlers of flags."""

from . import registration, rollouts, stale_flags, tenants

__all__ = [
    "registration",
    "rollouts",
    "stale_flags",
    "tenants",
]
