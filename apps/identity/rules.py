"""What must be true of users."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.kernel.actors import Actor
from apps.kernel.tenant import current_tenant

from . import roles
from .errors import (
    EmailMalformed,
    EmailTaken,
    LastOwner,
    NotAtATenant,
    NotYourself,
    OperatorsHaveNoRoles,
    PasswordTooWeak,
    RoleNeeded,
    RoleUnknown,
    SessionUnknown,
    UserUnknown,
)
from .models import ApiSession, User


def email_must_be_well_formed(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise EmailMalformed(email=email) from None


def email_must_be_free(email: str) -> None:
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken(email=email)


def user_must_exist(user_id: int, *, lock: bool = False) -> User:
    users = User.objects.select_for_update() if lock else User.objects
    user = users.filter(pk=user_id).first()
    if user is None:
        raise UserUnknown(user_id=user_id)
    return user


def session_must_exist(session_id: int) -> ApiSession:
    """Locked, as two may end it at once."""
    sessions = ApiSession.objects.select_for_update(of=("self",)).select_related("user")
    session = sessions.filter(pk=session_id).first()
    if session is None:
        raise SessionUnknown(session_id=session_id)
    return session


def nobody_shuts_himself_out(user: User, actor: Actor | None) -> None:
    if actor is not None and actor.pk == user.pk:
        raise NotYourself


def somebody_must_own(user: User) -> None:
    """Without `user`, the tenant still has an owner who can sign in. Owners are locked, so that two of them do not
    shut each other out at once."""
    owners = User.objects.filter(groups__name=roles.OWNER, is_active=True).order_by("pk")
    ids = list(owners.select_for_update(of=("self",)).values_list("pk", flat=True))
    if ids == [user.pk]:
        raise LastOwner(user=user)


def only_the_platform_has_operators() -> None:
    if tenant := current_tenant():
        raise NotAtATenant(tenant=tenant.name)


def only_tenants_have_roles() -> None:
    if current_tenant() is None:
        raise OperatorsHaveNoRoles


def some_role(named: Sequence[str]) -> Sequence[str]:
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
