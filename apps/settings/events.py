"""What has happened to settings."""

from dataclasses import dataclass
from typing import Any

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class SettingChanged(Event):
    """A setting has another value now."""

    name = "setting.changed"

    key: str
    before: Any
    after: Any

    @property
    def aggregate(self) -> str:
        return f"setting:{self.key}"
