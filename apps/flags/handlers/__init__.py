"""Handlers of flags."""

from . import registration, rollouts, stale_flags

__all__ = [
    "registration",
    "rollouts",
    "stale_flags",
]
