"""Commands of the settings app."""

from dataclasses import dataclass
from typing import Any

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class ChangeSetting(Command):
    """Set a setting to another value, from now on."""

    permission = "settings.manage_settings"
    audit_message = "set {key} to {value!r}"

    key: str
    value: Any
