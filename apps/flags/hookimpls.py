"""What flags plug into other apps: kinds of notices, approvals of changes that affect postings, rows of declared flags,
which are added after migrations, the features of a tenant in its lifecycle, and what clones of a tenant lack."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.approvals.hooks import approval_required_of
from apps.billing.models import DEFAULT_PLAN_CODE
from apps.bus import Command, dispatch
from apps.kernel import limits
from apps.kernel.actors import System
from apps.kernel.pii import EMAIL, NAME, TEXT, declare_pii, exclude_from_clones
from apps.notices.hooks import declare_kind
from apps.schema_migrations.hooks import after_migration
from apps.tenancy.hooks import NewTenant, Transition, on_activation, on_archival, on_suspension, set_up

from . import queries
from .commands import (
    DisableFeatures,
    EnableFeatures,
    PublishChangeSet,
    RegisterFlags,
    ReviveFlag,
    SetUpFeatures,
)
from .life_cycle import usage
from .rules import publication
from .store import counts, freshness

ROLLOUT_STOPPED = declare_kind("feature_flag.rollout", _("you own a flag that is rolled out"), "platform")
FLAG_STALE = declare_kind("feature_flag.stale", _("you own or manage feature flags"), "platform")
FLAG_REFERENCES = declare_kind(
    "feature_flag.references", _("you own a retired flag that code still refers to"), "platform"
)

exclude_from_clones("flags.Exposure", "flags.Outcome")
counts.CONSUMERS.append(usage.record_usage)
limits.NOTED_BY.append(freshness.usage_changed)
declare_pii("flags.Flag", owner=EMAIL, description=TEXT)
declare_pii("flags.ChangeSet", author_name=NAME, reason=TEXT)
declare_pii("flags.FeatureConfiguration", reason=TEXT)
declare_pii("flags.Rollout", changed_by_name=NAME, reason=TEXT)
declare_pii("flags.RolloutStep", by_name=NAME, reason=TEXT)
declare_pii(
    "flags.Kill",
    killed_by_name=NAME,
    reason=TEXT,
    reviewed_by_name=NAME,
    review=TEXT,
    revived_by_name=NAME,
    revival_reason=TEXT,
)


@approval_required_of
def changes_postings(command: Command) -> bool:
    """In every environment: the change of a flag that guards postings, inside an open fiscal period."""
    if isinstance(command, PublishChangeSet):
        return publication.changes_an_open_period(command.change_set_id)
    return isinstance(command, ReviveFlag) and publication.revives_a_posting_flag(command.kill_id)


@after_migration
def register_flags() -> None:
    if queries.unregistered():
        dispatch(RegisterFlags(), actor=System("Migrations"))


@set_up("features", order=20)
def set_up_features(new: NewTenant) -> Iterable[SetUpFeatures]:
    """After the subscription to the plan, which is the ceiling of the features."""
    yield SetUpFeatures(plan=new.plan or DEFAULT_PLAN_CODE)


@on_suspension("features")
def disable_features(transition: Transition) -> Iterable[DisableFeatures]:
    yield DisableFeatures(reason=transition.reason)


@on_activation("features")
@on_archival("features")
def enable_features(transition: Transition) -> Iterable[EnableFeatures]:
    """An archived tenant is read: its modules stay open, and its state refuses every change."""
    yield EnableFeatures(reason=transition.reason)
