"""Reads of users."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, reverse

from apps.kernel.tenant import current_tenant

from . import roles
from .allauth_internals import password_reset_key
from .models import ApiSession, User


def user_with_email(email: str) -> User | None:
    return User.objects.with_email(email)


def actor(pk: int) -> User | None:
    """The sender of a command that a worker executes; None for a deactivated user."""
    return User.objects.filter(pk=pk, is_active=True).first()


def is_administrator(user: Any) -> bool:
    """settings.IS_ADMINISTRATOR: a tenant's owner, or an operator, by a session or by a token."""
    return bool(user.is_superuser or roles.OWNER in user.role_names)


def invitation_link(user: User) -> str:
    """The link to choose a password; it works once, and expires like a password-reset link."""
    uidb36, token = password_reset_key(user)
    path = reverse(
        "account_reset_password_from_key",
        urlconf=settings.ROOT_URLCONF,
        kwargs={"uidb36": uidb36, "key": token},
    ).removeprefix(get_script_prefix())  # of the current console
    tenant = current_tenant()
    console = f"{settings.PUBLIC_URL}/t/{tenant.slug}" if tenant else settings.PUBLIC_URL
    return f"{console}/{path}"


def active_users() -> int:
    """The number of users that can sign in."""
    return User.objects.filter(is_active=True).count()


def administrator_emails() -> frozenset[str]:
    return frozenset(user.email.lower() for user in User.objects.administrators())


def open_sessions() -> int:
    """The number of API sessions that have not ended."""
    return ApiSession.objects.open().count()
