"""Commands of the settings app."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class ChangeSetting(Command):
    """Change the value of a setting, with immediate effect."""

    permission = "settings.manage_settings"
    schedulable = True
    audit_message = gettext_noop("set {key} to {value!r}")

    key: str
    value: Any
