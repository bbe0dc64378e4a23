"""Commands of users on their own account. Entry points limit the attempts with a password (`attempts`)."""

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class ChangePassword(Command):
    """Change your password. Other browsers and all API sessions are signed out."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("changed their own password")

    user_id: int
    current_password: str = field(metadata=secret, repr=False)
    new_password: str = field(metadata=secret, repr=False)
    staying_session_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reauthenticate(Command):
    """Confirm your password. For ten minutes you can send commands that demand a fresh authentication."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("confirmed their own password")

    user_id: int
    password: str = field(metadata=secret, repr=False)
    session_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ResetPassword(Command):
    """Set a password by a one-time link. The user's browsers and API sessions are signed out."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("set the password of {result} by a link")

    user_id: int
    epoch: int
    new_password: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class RequestAddressChange(Command):
    """Change your e-mail address. A link is sent to the new address; you sign in with the present one until it is
    opened. The present address is notified."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("requested to change their own e-mail address to {new_email}")

    user_id: int
    current_password: str = field(metadata=secret, repr=False)
    new_email: str


@dataclass(frozen=True, kw_only=True)
class WithdrawAddressChange(Command):
    """Withdraw the requested change of your e-mail address. The link in the e-mail becomes invalid."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("withdrew the change of their own e-mail address to {new_email}")

    user_id: int
    new_email: str


@dataclass(frozen=True, kw_only=True)
class ConfirmAddressChange(Command):
    """Confirm the requested e-mail address of a user, by the link that was sent to it. It takes effect at once."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("confirmed the e-mail address {new_email} of {result}")

    user_id: int
    new_email: str


@dataclass(frozen=True, kw_only=True)
class RecordFailedSignIns(Command):
    """Record the failed sign-ins with an account from one source in one hour. Unknown accounts have no number."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop(
        "counted failed sign-ins with {account} from {source}, {hour:%d %b %H:%M} UTC: {count}"
    )
    fact = ("user_id", "source", "hour")

    user_id: int | None
    account: str
    source: str
    hour: dt.datetime
    count: int

    def natural_key(self) -> str:
        return f"failed_sign_ins:{self.user_id}:{self.source}:{self.hour:%Y%m%d%H}"


@dataclass(frozen=True, kw_only=True)
class RecordLockout(Command):
    """Record that sign-ins with an account from one source were refused in one hour, after too many failures."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop(
        "refused sign-ins with {account} from {source}, locked out, {hour:%d %b %H:%M} UTC: {count}"
    )
    fact = ("user_id", "source", "hour")

    user_id: int | None
    account: str
    source: str
    hour: dt.datetime
    count: int

    def natural_key(self) -> str:
        return f"lockout:{self.user_id}:{self.source}:{self.hour:%Y%m%d%H}"
