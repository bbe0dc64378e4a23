"""What must be true of settings, and what settings demand."""

from apps.kernel.actors import real_actor
from apps.kernel.tenant import current_tenant

from . import queries
from .definitions import SettingDefinition
from .errors import NotSetBySupport, SupportNotWanted
from .setting_definitions import SUPPORT_ACCESS


def support_must_be_wanted() -> None:
    if not queries.value(SUPPORT_ACCESS):
        raise SupportNotWanted(tenant=current_tenant(), setting=SUPPORT_ACCESS.key)


def setting_must_be_for_whoever_acts(setting: SettingDefinition[object]) -> None:
    """Support does not open its own door."""
    if not setting.by_support and (support := real_actor()):
        raise NotSetBySupport(setting=setting.key, support=support)
