"""Handlers of flags."""

from . import (
    cancel_scheduled_change,
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
    "cancel_scheduled_change",
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
