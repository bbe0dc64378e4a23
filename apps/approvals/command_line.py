"""Users named on the command line.

The command line has no sign-in: it asserts the user, as the application does towards the database. To run it
requires the keys of this installation.
"""

from __future__ import annotations

from uuid import uuid4

from apps.bus import Command
from apps.identity import queries as identity
from apps.identity.models import User

from .errors import UserUnknown
from .gate import Gate
from .models import ApprovalRequest


def user_named(email: str) -> User:
    """Raises UserUnknown."""
    user = identity.user_with_email(email)
    if user is None or not user.is_active:
        raise UserUnknown(email=email)
    return user


def request_as(email: str, command: Command, reason: str) -> ApprovalRequest:
    """Requests the approval of a command in the name of the user."""
    request: ApprovalRequest = Gate().request(
        command, actor=user_named(email), reason=reason, key=uuid4().hex
    )
    return request
