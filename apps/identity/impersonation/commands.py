"""What can be asked about visits: what operators ask first, and below it the steps that the house takes itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret

IMPERSONATE = "tenancy.impersonate"


@dataclass(frozen=True, kw_only=True)
class EnterAsSupport(Command):
    """Enter a tenant's console as one of its people, for half an hour at most. The tenant reads who you are and why,
    and everything that you do there bears both names.

    Gives a ticket that opens the door once, within a minute.
    """

    permission = IMPERSONATE
    atomic = False
    by_support = False
    audit_message = "asked for a ticket to enter as {result}"

    tenant_id: int
    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class EndImpersonation(Command):
    """End a visit now, or make its ticket worthless. Whoever is inside is outside at his next click."""

    permission = IMPERSONATE
    atomic = False
    by_support = False
    audit_message = "ended the impersonation of {result}"

    impersonation_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class UseTicket(Command):
    """The door of a tenant burns a ticket and lets its holder in."""

    permission = IMPERSONATE
    audit_message = "let {result.operator_name} in as {result}"

    ticket: str = field(metadata=secret, repr=False)
    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class CloseImpersonation(Command):
    """The visit is over by itself: left, expired, or not allowed any more."""

    permission = IMPERSONATE
    atomic = False
    audit_message = "closed the impersonation of {result}: {result.ending}"

    impersonation_id: int
    end_reason: str


@dataclass(frozen=True, kw_only=True)
class OpenSupportSession(Command):
    """In the tenant: somebody of the platform's support is here from now on."""

    permission = IMPERSONATE
    runs_while_closed = True
    audit_message = "entered as {result.user_name}, until {result.ends_at:%H:%M} UTC"

    number: int
    operator: str
    user_id: int
    as_manager: bool
    reason: str
    ends_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class CloseSupportSession(Command):
    """In the tenant: support is gone, and so much was done."""

    permission = IMPERSONATE
    runs_while_closed = True
    audit_message = "is not {result.user_name} any more, after {result.actions} actions: {result.ending}"

    number: int
    end_reason: str
