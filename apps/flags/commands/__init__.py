"""Commands of flags."""

from .changes import CreateFlag, ItemChange, ProposeChange, PublishChangeSet, UpdateFlag, WithdrawChangeSet
from .kills import KillFlag, ReviewKill, ReviveFlag
from .life_cycle import ExtendFlag, ReportStaleFlag, RetireFlag, TransferFlag
from .registration import RegisterFlags
from .rollouts import AdvanceRollout, PauseRollout, ResumeRollout, RollBackRollout, RolloutFeature
from .tenants import DisableFeatures, EnableFeatures, SetUpFeatures

__all__ = [
    "AdvanceRollout",
    "CreateFlag",
    "DisableFeatures",
    "EnableFeatures",
    "ExtendFlag",
    "ItemChange",
    "KillFlag",
    "PauseRollout",
    "ProposeChange",
    "PublishChangeSet",
    "RegisterFlags",
    "ReportStaleFlag",
    "ResumeRollout",
    "RetireFlag",
    "ReviewKill",
    "ReviveFlag",
    "RollBackRollout",
    "RolloutFeature",
    "SetUpFeatures",
    "TransferFlag",
    "UpdateFlag",
    "WithdrawChangeSet",
]
