"""Events of service accounts. None has a token."""

import datetime as dt
from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class _AboutServiceAccount(Event):
    service_account_id: int
    service_account_name: str

    @property
    def aggregate(self) -> str:
        return f"service_account:{self.service_account_id}"


@dataclass(frozen=True, kw_only=True)
class ServiceAccountCreated(_AboutServiceAccount):
    """A program can use the API with these scopes, until its token ends."""

    name = "service_account.created"

    owner_id: int
    scopes: tuple[str, ...]
    expires_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class ServiceAccountTokenRotated(_AboutServiceAccount):
    """A service account has a new token. Former ones are valid until `former_until` at most."""

    name = "service_account_token.rotated"

    expires_at: dt.datetime
    former_until: dt.datetime


@dataclass(frozen=True, kw_only=True)
class ServiceAccountRevoked(_AboutServiceAccount):
    """A service account has ended, and none of its tokens is valid."""

    name = "service_account.revoked"

    reason: str
