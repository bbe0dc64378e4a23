"""What must be true of users."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.kernel.tenant import current_tenant

from . import roles
from .errors import EmailMalformed, EmailTaken, NotAtATenant, PasswordTooWeak, RoleUnknown, UserUnknown
from .models import User


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


def only_the_platform_has_operators() -> None:
    if tenant := current_tenant():
        raise NotAtATenant(tenant=tenant.name)


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
