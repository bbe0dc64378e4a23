"""Commands of flags."""

from .changes import (
    CancelScheduledChange,
    CreateFlag,
    ItemChange,
    ProposeChange,
    PublishChangeSet,
    UpdateFlag,
    WithdrawChangeSet,
)
from .documents import ImportFlags, RestoreRevision
from .kills import KillFlag, ReviewKill, ReviveFlag
from .life_cycle import ExtendFlag, ReportStaleFlag, RetireFlag, TransferFlag
from .records import PreviewChangeSet, RecordPreview, RollOutFlag
from .registration import RegisterFlags
from .rollouts import AdvanceRollout, PauseRollout, ResumeRollout, RollBackRollout, RolloutFeature
from .tenants import DisableFeatures, EnableFeatures, SetUpFeatures

__all__ = [
    "AdvanceRollout",
    "CancelScheduledChange",
    "CreateFlag",
    "DisableFeatures",
    "EnableFeatures",
    "ExtendFlag",
    "ImportFlags",
    "ItemChange",
    "KillFlag",
    "PauseRollout",
    "PreviewChangeSet",
    "ProposeChange",
    "PublishChangeSet",
    "RecordPreview",
    "RegisterFlags",
    "ReportStaleFlag",
    "RestoreRevision",
    "ResumeRollout",
    "RetireFlag",
    "ReviewKill",
    "ReviveFlag",
    "RollBackRollout",
    "RollOutFlag",
    "RolloutFeature",
    "SetUpFeatures",
    "TransferFlag",
    "UpdateFlag",
    "WithdrawChangeSet",
]
