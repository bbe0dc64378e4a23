"""Reads of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import roles, scopes
from .models import ApiSession, Invitation, User, roles_of_users


def user_with_email(email: str) -> User | None:
    return User.objects.with_email(email)


def user_with_id(user_id: int | None) -> User | None:
    return User.objects.filter(pk=user_id).first() if user_id else None


def actor(pk: int) -> User | None:
    """The sender of a command that a worker executes; None for a deactivated user."""
    return User.objects.filter(pk=pk, is_active=True).first()


def role_names(user_id: int) -> tuple[str, ...]:
    """The roles of a user, from the cache. A change of roles invalidates it."""
    return roles_of_users.get(user_id)


def standard_roles() -> Sequence[str]:
    """The names of the roles that every tenant has."""
    return roles.names()


def permission_of(scope: str) -> str:
    """The permission that a scope stands for: itself, unless it has another name in tokens."""
    return scopes.PERMISSION_OF.get(scope, scope)


def is_administrator(user: Any) -> bool:
    """settings.IS_ADMINISTRATOR: a tenant's owner, or an operator, by a session or by a token."""
    return bool(user.is_superuser or roles.OWNER in user.role_names)


def latest_invitation(email: str) -> Invitation | None:
    """The state of the last invitation of an address."""
    return Invitation.objects.filter(email__iexact=email).first()


def active_users() -> int:
    """The number of users that can sign in."""
    return User.objects.filter(is_active=True).count()


def administrator_emails() -> frozenset[str]:
    return frozenset(user.email.lower() for user in User.objects.administrators())


def open_sessions() -> int:
    """The number of API sessions that have not ended."""
    return ApiSession.objects.open().count()
