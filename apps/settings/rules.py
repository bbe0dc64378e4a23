"""Validation of changes to settings, and rules that settings control."""

from typing import Any

from apps.kernel.actors import impersonator
from apps.kernel.tenant import current_tenant

from . import queries
from .definitions import SettingDefinition
from .errors import SettingNotForSupport, SupportAccessDisabled
from .setting_definitions import SUPPORT_ACCESS


def support_access_must_be_enabled() -> None:
    if not queries.value(SUPPORT_ACCESS):
        raise SupportAccessDisabled(tenant=current_tenant(), setting=SUPPORT_ACCESS.key)


def setting_must_be_allowed_for_actor(setting: SettingDefinition[object]) -> None:
    """Support may not change the settings that control its own access."""
    if not setting.by_support and (support := impersonator()):
        raise SettingNotForSupport(setting=setting.key, support=support)


def value_must_be_allowed(setting: SettingDefinition[Any], value: Any) -> None:
    """The stored data allows the value: an account that a setting names exists, for example."""
    if setting.rule:
        setting.rule(setting, value)
