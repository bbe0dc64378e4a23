"""The rules of service accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.identity import queries as identity
from apps.identity.models import User
from apps.kernel.actors import Actor
from apps.kernel.clock import today
from apps.kernel.errors import together
from apps.kernel.text import is_visible
from apps.tenancy import numbering

from .errors import (
    ExpiryOutOfRange,
    NameMissing,
    NameTaken,
    OverlapOutOfRange,
    OwnerUnknown,
    ScopeNotGrantable,
    ScopesMissing,
    ScopeUnknown,
    ServiceAccountRevoked,
    ServiceAccountUnknown,
)
from .models import ServiceAccount

MAX_DAYS = 366
DEFAULT_LIFE = dt.timedelta(days=90)
"""What the forms of the consoles propose."""
MAX_OVERLAP_HOURS = 720


def name_must_be_given(name: str, purpose: str) -> None:
    if not is_visible(name) or not is_visible(purpose):
        raise NameMissing


def name_must_be_free(name: str) -> None:
    if ServiceAccount.objects.filter(name__iexact=name).exists():
        raise NameTaken(name=name)


def owner_must_be_active(owner_id: int) -> User:
    owner = User.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None:
        raise OwnerUnknown(owner_id=owner_id)
    return owner


def scopes_must_be_grantable(scopes: Sequence[str], granter: Actor) -> list[str]:
    """A granter would act through a program that can do more than they can."""
    if not scopes:
        raise ScopesMissing
    with together() as checks:
        for scope in scopes:
            checks.check(_scope_must_be_grantable, scope, granter)
    return list(dict.fromkeys(scopes))


def _scope_must_be_grantable(scope: str, granter: Actor) -> None:
    permission = identity.permission_of(scope)
    if permission not in numbering.committed()["permissions"]:
        raise ScopeUnknown(scope=scope)
    if not granter.has_perm(permission):
        raise ScopeNotGrantable(actor=granter, scope=scope)


def expiry_must_be_in_range(expires_on: dt.date) -> dt.datetime:
    """The end of that day, UTC."""
    if not today() < expires_on <= today() + dt.timedelta(days=MAX_DAYS):
        raise ExpiryOutOfRange(days=MAX_DAYS)
    return dt.datetime.combine(expires_on + dt.timedelta(days=1), dt.time(), dt.UTC)


def overlap_must_be_in_range(hours: int) -> dt.timedelta:
    if not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise OverlapOutOfRange(hours=MAX_OVERLAP_HOURS)
    return dt.timedelta(hours=hours)


def account_must_exist(service_account_id: int) -> ServiceAccount:
    """Locks the account, so that a revocation and a rotation follow each other."""
    account = ServiceAccount.objects.select_for_update().filter(pk=service_account_id).first()
    if account is None:
        raise ServiceAccountUnknown(service_account_id=service_account_id)
    return account


def account_must_be_active(service_account_id: int) -> ServiceAccount:
    account = account_must_exist(service_account_id)
    if account.revoked_at is not None:
        raise ServiceAccountRevoked(name=account.name)
    return account
