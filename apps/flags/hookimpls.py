"""The kinds of notices about flags, rows that are not copied to clones of a tenant, rows of declared flags, which are
added after migrations, and the features of a tenant in its lifecycle."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.billing.models import DEFAULT_PLAN_CODE
from apps.bus import dispatch
from apps.kernel import limits
from apps.kernel.actors import System
from apps.kernel.pii import exclude_from_clones
from apps.notices.hooks import declare_kind
from apps.schema_migrations.hooks import after_migration
from apps.tenancy.hooks import NewTenant, Transition, on_activation, on_archival, on_suspension, set_up

from . import queries
from .commands import DisableFeatures, EnableFeatures, RegisterFlags, SetUpFeatures
from .life_cycle import usage
from .store import counts, freshness

ROLLOUT_STOPPED = declare_kind("feature_flag.rollout", _("you own a flag that is rolled out"), "platform")
FLAG_STALE = declare_kind("feature_flag.stale", _("you own or manage feature flags"), "platform")
FLAG_REFERENCES = declare_kind(
    "feature_flag.references", _("you own a retired flag that code still refers to"), "platform"
)

exclude_from_clones("flags.Exposure", "flags.Outcome")
counts.CONSUMERS.append(usage.record_usage)
limits.WATCHERS.append(freshness.usage_changed)


@after_migration
def register_flags() -> None:
    if queries.unregistered():
        dispatch(RegisterFlags(), actor=System("Migrations"))


@set_up("features", order=20)
def set_up_features(new: NewTenant) -> Iterable[SetUpFeatures]:
    """After the subscription to the plan, which is the ceiling of the features."""
    yield SetUpFeatures(plan=new.plan or DEFAULT_PLAN_CODE)


@on_suspension("features")
@on_archival("features")
def disable_features(transition: Transition) -> Iterable[DisableFeatures]:
    yield DisableFeatures(reason=transition.reason)


@on_activation("features")
def enable_features(transition: Transition) -> Iterable[EnableFeatures]:
    yield EnableFeatures(reason=transition.reason)
