"""Settings of flags, of the platform: after how many days a flag of each category is stale."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from apps.settings import SettingDefinition, declare

from .models import Flag

_DESCRIPTION = _(
    "After how many days with one value for everyone, or without any evaluation, a flag of this category is stale."
    " 0: never; it is still alerted about when it expires."
)
Category = Flag.Category


def _stale_days(category: str, default: int) -> SettingDefinition[int]:
    return declare(
        key=f"flags.{category}_stale_days",
        type=int,
        default=default,
        minimum=0,
        maximum=3650,
        description=_DESCRIPTION,
    )


STALE_DAYS: Mapping[str, SettingDefinition[int]] = {
    Category.RELEASE: _stale_days("release", 30),
    Category.EXPERIMENT: _stale_days("experiment", 30),
    Category.OPS: _stale_days("ops", 0),
    Category.PERMISSION: _stale_days("permission", 0),
}
ESCALATE_AFTER = declare(
    key="flags.escalate_after",
    type=int,
    default=2,
    minimum=1,
    maximum=52,
    description=_(
        "After how many weekly alerts to the owner of a stale flag those that manage flags are alerted too."
    ),
)
