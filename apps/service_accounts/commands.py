"""The commands of service accounts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command

MANAGE = "service_accounts.manage_service_accounts"


@dataclass(frozen=True, kw_only=True)
class CreateServiceAccount(Command):
    """Create an account for a program. Its token is shown once. The program can do what its scopes allow, which you
    must have yourself.

    scopes      permissions: "ledger.post_entry", or their names in tokens: "settings.manage"
    expires_on  the last day of the token, at most 366 days from now
    """

    permission = MANAGE
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("created {result} with the scopes {scope_names}")

    name: str
    purpose: str
    owner_id: int
    scopes: tuple[str, ...]
    expires_on: dt.date

    @property
    def scope_names(self) -> str:
        return ", ".join(self.scopes)


@dataclass(frozen=True, kw_only=True)
class RotateServiceAccountToken(Command):
    """Create another token for a service account, shown once. Former tokens stay valid for the given hours, so that the
    program can be changed without an interruption. You need all scopes of the account."""

    permission = MANAGE
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("rotated the token of {result}")

    service_account_id: int
    expires_on: dt.date
    overlap_hours: int = 24


@dataclass(frozen=True, kw_only=True)
class RevokeServiceAccount(Command):
    """End a service account. Its tokens are invalid at once, for good."""

    permission = MANAGE
    by_support = False
    runs_while_closed = True
    audit_message = gettext_noop("revoked {result}: {reason}")

    service_account_id: int
    reason: str
