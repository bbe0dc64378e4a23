"""Events of settings."""

from dataclasses import dataclass
from typing import Any

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class SettingChanged(Event):
    """The value of a setting changed."""

    name = "setting.changed"

    key: str
    before: Any
    after: Any

    @property
    def aggregate(self) -> str:
        return f"setting:{self.key}"
