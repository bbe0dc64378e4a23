"""Events of accounts, sessions and support access."""

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


@dataclass(frozen=True, kw_only=True)
class RefreshTokenReused(Event):
    """A refresh token was used twice, so it may have been stolen. Its session has ended."""

    name = "refresh_token.reused"

    session_id: int
    user_id: int
    user_name: str
    device: str

    @property
    def aggregate(self) -> str:
        return f"api_session:{self.session_id}"


@dataclass(frozen=True, kw_only=True)
class AddressChangeRequested(Event):
    """A user requested another e-mail address. It takes effect when the link in an e-mail to it is opened."""

    name = "address_change.requested"

    user_id: int
    email: str
    new_email: str

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class AddressChanged(Event):
    """The e-mail address of a user changed: they sign in with it from now on."""

    name = "address.changed"

    user_id: int
    email: str
    former_email: str

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"
