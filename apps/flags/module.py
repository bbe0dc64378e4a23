from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

VIEW, MANAGE, KILL, EVALUATE = (
    "flags.view_flag",
    "flags.manage_flags",
    "flags.kill_flag",
    "flags.evaluate_flags",
)
VIEW_CHANGE_SETS, VIEW_KILLS = "flags.view_changeset", "flags.view_kill"

MODULE = Module(
    name="flags",
    version="1.0.0",
    description=_("Feature flags: what is on, for which tenant, role and share of users."),
    dependencies=("approvals", "audit", "billing", "companies", "identity", "jobs", "notices", "settings"),
    publishes=(
        "feature_flag.changed",
        "feature_flag.created",
        "feature_flag.disabled",
        "feature_flag.proposed",
        "feature_flag.revived",
        "feature_flag.rolled_out",
        "feature_flag.rollout_progressed",
        "feature_flag.stale",
    ),
    subscribes=("feature_flag.proposed", "feature_flag.rollout_progressed"),
    router="apps.flags.api.urls",
    grants={
        "owner": (VIEW, VIEW_CHANGE_SETS, VIEW_KILLS, MANAGE, KILL, EVALUATE),
        "auditor": (VIEW, VIEW_CHANGE_SETS, VIEW_KILLS),
    },
)
