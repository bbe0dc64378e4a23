"""Handlers of the settings app."""

from __future__ import annotations

from typing import Any

from apps.bus import handles
from apps.bus.edits import Edits, rows
from apps.events import publish

from . import queries, rules
from .commands import ChangeSetting
from .definitions import declared
from .events import SettingChanged
from .models import Setting


def _edited_value(key: str, lock: bool) -> dict[str, Any]:
    row = rows(Setting, lock).filter(key=key).first()
    return {"value": row.value if row else declared(key).default}


@handles(ChangeSetting, emits=(SettingChanged,), edits=Edits("key", _edited_value))
def change_setting(command: ChangeSetting) -> Setting:
    setting = declared(command.key)
    rules.setting_must_be_allowed_for_actor(setting)
    value = setting.validated(command.value)
    rules.value_must_be_allowed(setting, value)

    row = Setting.objects.select_for_update().filter(key=command.key).first()
    before = row.value if row else setting.default
    row = row or Setting(key=command.key)
    row.value = value
    row.save()

    queries.cached.invalidate()
    publish(SettingChanged(key=command.key, before=before, after=value))
    return row
