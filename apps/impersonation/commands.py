"""The commands of support access: first those of operators, then those of the system."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.kernel.plain import secret

IMPERSONATE = "tenancy.impersonate"


@dataclass(frozen=True, kw_only=True)
class EnterAsSupport(Command, name="identity.enter_as_support"):
    """Enter a tenant's console as one of its users, for at most 30 minutes. The tenant sees your name and the reason,
    and the audit log records every action under both names.

    Issues a ticket that is valid once, within a minute.
    """

    permission = IMPERSONATE
    atomic = False
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("requested a ticket to enter as {result}")

    tenant_id: int
    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class EndImpersonation(Command, name="identity.end_impersonation"):
    """End a support session now, or invalidate its ticket. The next request of the session is refused."""

    permission = IMPERSONATE
    atomic = False
    by_support = False
    audit_message = gettext_noop("ended the impersonation of {result}")

    impersonation_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class UseTicket(Command, name="identity.use_ticket"):
    """Redeem a ticket at the tenant."""

    permission = IMPERSONATE
    audit_message = gettext_noop("admitted {result.operator_name} as {result}")

    ticket: str = field(metadata=secret, repr=False)
    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class CloseImpersonation(Command, name="identity.close_impersonation"):
    """Close an impersonation without a command of an operator: left, expired, or no longer allowed."""

    permission = IMPERSONATE
    atomic = False
    audit_message = gettext_noop("closed the impersonation of {result}: {result.ending}")

    impersonation_id: int
    end_reason: str


@dataclass(frozen=True, kw_only=True)
class OpenSupportSession(Command, name="identity.open_support_session"):
    """In the tenant: record the start of a support session."""

    permission = IMPERSONATE
    runs_while_closed = True
    audit_message = gettext_noop("entered as {result.user_name}, until {result.ends_at:%H:%M} UTC")

    number: int
    operator: str
    user_id: int
    as_manager: bool
    reason: str
    ends_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class CloseSupportSession(Command, name="identity.close_support_session"):
    """In the tenant: record the end of a support session and its number of actions."""

    permission = IMPERSONATE
    runs_while_closed = True
    audit_message = gettext_noop(
        "left the session as {result.user_name} after {result.actions} actions: {result.ending}"
    )

    number: int
    end_reason: str
