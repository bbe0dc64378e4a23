"""Handlers of the commands of operations, a file each."""

from . import (
    change_state,
    erase_tenant,
    move_tenant,
    notify_administrators,
    onboard_tenant,
    resend_owner_invitation,
)

__all__ = [
    "change_state",
    "erase_tenant",
    "move_tenant",
    "notify_administrators",
    "onboard_tenant",
    "resend_owner_invitation",
]
