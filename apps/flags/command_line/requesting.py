"""Users named on the command line, asserted by it as by `manage.py approvals`, and approvals that they request."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from apps.approvals.errors import UserUnknown
from apps.bus import Command
from apps.bus.approval_gate import approval_gate
from apps.identity import queries as identity
from apps.identity.models import User


def user_named(email: str) -> User:
    """Raises UserUnknown."""
    user = identity.user_with_email(email)
    if user is None or not user.is_active:
        raise UserUnknown(email=email)
    return user


def request_as(email: str, command: Command, reason: str) -> Any:
    """Requests the approval of a command in the name of the user."""
    return approval_gate().request(command, actor=user_named(email), reason=reason, key=uuid4().hex)
