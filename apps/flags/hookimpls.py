"""The kinds of notices about flags, and the rows that are not copied to clones of a tenant."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.pii import exclude_from_clones
from apps.notices.hooks import declare_kind

ROLLOUT_STOPPED = declare_kind("feature_flag.rollout", _("you own a flag that is rolled out"), "platform")
FLAG_STALE = declare_kind("feature_flag.stale", _("you own or manage feature flags"), "platform")
FLAG_REFERENCES = declare_kind(
    "feature_flag.references", _("you own a retired flag that code still refers to"), "platform"
)

exclude_from_clones("flags.Exposure", "flags.Outcome")
