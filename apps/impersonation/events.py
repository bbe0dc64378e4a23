"""Events of support access."""

import datetime as dt
from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class SupportSessionOpened(Event):
    """An operator of the platform opened a session in the tenant as one of its users."""

    name = "support_session.opened"

    number: int
    operator: str
    user_id: int
    user_name: str
    reason: str
    ends_at: dt.datetime

    @property
    def aggregate(self) -> str:
        return f"support_session:{self.number}"


@dataclass(frozen=True, kw_only=True)
class SupportSessionClosed(Event):
    """The support session has ended; `actions` is its number of commands."""

    name = "support_session.closed"

    number: int
    operator: str
    user_name: str
    end_reason: str
    actions: int

    @property
    def aggregate(self) -> str:
        return f"support_session:{self.number}"
