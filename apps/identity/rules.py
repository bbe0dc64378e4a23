"""Validation of users, roles and sessions."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.kernel import limits
from apps.kernel.actors import Actor
from apps.kernel.notation import is_whole_number
from apps.kernel.tenant import current_tenant

from . import roles
from .errors import (
    AddressChangeUnknown,
    CannotDeactivateYourself,
    CredentialsRefused,
    EmailMalformed,
    EmailTaken,
    LastAdministrator,
    OperatorsArePlatformOnly,
    OperatorsHaveNoRoles,
    PasswordLinkUsed,
    PasswordTooWeak,
    PasswordWrong,
    RoleNeeded,
    RoleUnknown,
    SessionEnded,
    SessionUnknown,
    UserUnknown,
)
from .models import ApiSession, Invitation, User

USERS = limits.declare_limit(
    "identity.users",
    unit=_("users"),
    description=_("Active users and open invitations"),
    count=lambda: User.objects.filter(is_active=True).count() + Invitation.objects.invited().count(),
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


def active_user_must_exist(user_id: int) -> User:
    """Locks the user, so that a password that is replaced meanwhile is not judged as the current one."""
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None:
        raise UserUnknown(user_id=user_id)
    return user


def user_must_exist_for_change(user_id: int) -> User:
    """Locks the user and all administrators, so that concurrent commands cannot deactivate the last two. The locks are
    taken in one order, which prevents deadlocks."""
    users = User.objects.filter(Q(pk=user_id) | Q(pk__in=User.objects.administrators())).order_by("pk")
    locked = {user.pk: user for user in users.select_for_update()}
    if user_id not in locked:
        raise UserUnknown(user_id=user_id)
    return locked[user_id]


def user_must_be_unchanged(user_id: int, epoch: int) -> User:
    """Locks the user: the password could change between its verification and the start of the session."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None or user.epoch != epoch or not user.is_active:
        raise CredentialsRefused
    return user


def password_link_must_be_unused(user_id: int, epoch: int) -> User:
    """Locks the user: of two requests with one link, the second sees the epoch of the new password."""
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None or user.epoch != epoch or not user.is_active:
        raise PasswordLinkUsed
    return user


def address_change_must_be_requested(user_id: int, new_email: str) -> User:
    """Locks the user: one of two requests with one link finds the change done."""
    users = User.objects.select_for_update().filter(pk=user_id, is_active=True)
    user = users.filter(new_email=new_email).exclude(new_email="").first()
    if user is None:
        raise AddressChangeUnknown(new_email=new_email)
    return user


def current_password_must_match(user: User, password: str) -> None:
    if not user.check_password(password):
        raise PasswordWrong


def session_must_exist(session_id: int) -> ApiSession:
    """Locks the session against a concurrent end."""
    sessions = ApiSession.objects.select_for_update(of=("self",)).select_related("user")
    session = sessions.filter(pk=session_id).first()
    if session is None:
        raise SessionUnknown(session_id=session_id)
    return session


def session_must_be_open(session_id: int, user: User) -> ApiSession:
    session = session_must_exist(session_id)
    if session.user_id != user.pk or not session.is_open:
        raise SessionEnded
    return session


def session_must_be_of(user: User, session_id: int | str) -> ApiSession:
    is_number = is_whole_number(str(session_id))
    session = ApiSession.objects.of(user).filter(pk=session_id).first() if is_number else None
    if session is None:
        raise SessionUnknown(session_id=session_id)
    return session


def own_account_must_stay_active(user: User, actor: Actor | None) -> None:
    if actor is not None and actor.pk == user.pk:
        raise CannotDeactivateYourself


def an_administrator_must_remain(without: User) -> None:
    """Another active administrator. All administrators must be locked already."""
    administrators = set(User.objects.administrators().values_list("pk", flat=True))
    if administrators == {without.pk}:
        raise LastAdministrator(user=without)


def only_the_platform_has_operators() -> None:
    if tenant := current_tenant():
        raise OperatorsArePlatformOnly(tenant=tenant.name)


def only_tenants_have_roles() -> None:
    if current_tenant() is None:
        raise OperatorsHaveNoRoles


def role_must_be_given(names: Sequence[str]) -> Sequence[str]:
    if not names:
        raise RoleNeeded
    return list(dict.fromkeys(names))


def role_must_exist(role: str) -> Group:
    """The group of a standard role, with the permissions that the modules grant it."""
    if role not in roles.names():
        raise RoleUnknown(role=role, known=", ".join(roles.names()))
    return roles.group(role)


def password_must_be_strong(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordTooWeak(why=" ".join(error.messages)) from None
