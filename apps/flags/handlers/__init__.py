"""Handlers of flags."""

from . import (
    create_flag,
    import_flags,
    kills,
    life_cycle,
    preview_change_set,
    propose_change,
    publish_change_set,
    registration,
    rollouts,
    stale_flags,
    tenants,
)

__all__ = [
    "create_flag",
    "import_flags",
    "kills",
    "life_cycle",
    "preview_change_set",
    "propose_change",
    "publish_change_set",
    "registration",
    "rollouts",
    "stale_flags",
    "tenants",
]
