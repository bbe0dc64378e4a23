"""What must be true of users."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from apps.kernel import limits
from apps.kernel.actors import Actor
from apps.kernel.tenant import current_tenant

from . import roles
from .errors import (
    CannotDeactivateYourself,
    CredentialsRefused,
    EmailMalformed,
    EmailTaken,
    LastAdministrator,
    OperatorsArePlatformOnly,
    OperatorsHaveNoRoles,
    PasswordTooWeak,
    RoleNeeded,
    RoleUnknown,
    SessionUnknown,
    UserUnknown,
)
from .models import ApiSession, User

USERS = limits.declare_limit(
    "identity.users",
    unit="users",
    description="People who may sign in",
    count=lambda: User.objects.filter(is_active=True).count(),
)


def user_limit_must_allow_another() -> None:
    limits.must_allow(USERS)


def email_must_be_well_formed(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise EmailMalformed(email=email) from None


def email_must_be_free(email: str) -> None:
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken(email=email)


def user_must_exist(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise UserUnknown(user_id=user_id)
    return user


def user_must_exist_for_change(user_id: int) -> User:
    """Locked, and with him all who are in charge, so that two of those do not shut each other out at once. In one
    order, so that nobody waits for who waits for him."""
    users = User.objects.filter(Q(pk=user_id) | Q(pk__in=User.objects.administrators())).order_by("pk")
    at_hand = {user.pk: user for user in users.select_for_update()}
    if user_id not in at_hand:
        raise UserUnknown(user_id=user_id)
    return at_hand[user_id]


def user_must_be_unchanged(user_id: int, epoch: int) -> User:
    """Locked: between the password that was right and the session that it opens, another could be set."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None or user.epoch != epoch or not user.is_active:
        raise CredentialsRefused
    return user


def session_must_exist(session_id: int) -> ApiSession:
    """Locked, as two may end it at once."""
    sessions = ApiSession.objects.select_for_update(of=("self",)).select_related("user")
    session = sessions.filter(pk=session_id).first()
    if session is None:
        raise SessionUnknown(session_id=session_id)
    return session


def own_account_must_stay_active(user: User, actor: Actor | None) -> None:
    if actor is not None and actor.pk == user.pk:
        raise CannotDeactivateYourself


def an_administrator_must_remain(without: User) -> None:
    """Somebody who can sign in and invite others. Asked when all of them are locked."""
    administrators = set(User.objects.administrators().values_list("pk", flat=True))
    if administrators == {without.pk}:
        raise LastAdministrator(user=without)


def only_the_platform_has_operators() -> None:
    if tenant := current_tenant():
        raise OperatorsArePlatformOnly(tenant=tenant.name)


def only_tenants_have_roles() -> None:
    if current_tenant() is None:
        raise OperatorsHaveNoRoles


def role_must_be_given(named: Sequence[str]) -> Sequence[str]:
    if not named:
        raise RoleNeeded
    return list(dict.fromkeys(named))


def role_must_exist(role: str) -> Group:
    """The group of a standard role, with what the modules grant it today."""
    if role not in roles.names():
        raise RoleUnknown(role=role, known=", ".join(roles.names()))
    return roles.group(role)


def password_must_be_strong(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordTooWeak(why=" ".join(error.messages)) from None
