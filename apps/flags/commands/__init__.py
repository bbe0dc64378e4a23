"""Commands of flags."""

from .changes import CreateFlag, ItemChange, ProposeChange, PublishChangeSet, UpdateFlag, WithdrawChangeSet
from .kills import KillFlag, ReviewKill, ReviveFlag

__all__ = [
    "CreateFlag",
    "ItemChange",
    "KillFlag",
    "ProposeChange",
    "PublishChangeSet",
    "ReviewKill",
    "ReviveFlag",
    "UpdateFlag",
    "WithdrawChangeSet",
]
