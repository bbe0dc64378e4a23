"""The kinds of notices about flags, the rows that are not copied to clones of a tenant, and the rows of declared flags,
which are added after migrations."""

from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.pii import exclude_from_clones
from apps.notices.hooks import declare_kind
from apps.schema_migrations.hooks import after_migration

from . import queries
from .commands import RegisterFlags

ROLLOUT_STOPPED = declare_kind("feature_flag.rollout", _("you own a flag that is rolled out"), "platform")
FLAG_STALE = declare_kind("feature_flag.stale", _("you own or manage feature flags"), "platform")
FLAG_REFERENCES = declare_kind(
    "feature_flag.references", _("you own a retired flag that code still refers to"), "platform"
)

exclude_from_clones("flags.Exposure", "flags.Outcome")


@after_migration
def register_flags() -> None:
    if queries.unregistered():
        dispatch(RegisterFlags(), actor=System("Migrations"))
