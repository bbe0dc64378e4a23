"""How identity does what it is asked."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel.clock import now
from apps.kernel.errors import together

from . import rules
from .commands import InviteOperator, InviteUser, SetPassword
from .models import User


@handles(InviteUser)
def invite_user(command: InviteUser) -> User:
    with together() as asked:
        asked.check(rules.email_must_be_well_formed, command.email)
        asked.check(rules.email_must_be_free, command.email)
        group = asked.check(rules.role_must_exist, command.role)

    user = _newcomer(command.email, command.name)
    user.groups.set([group] if group else [])
    return user


@handles(InviteOperator)
def invite_operator(command: InviteOperator) -> User:
    with together() as asked:
        asked.check(rules.only_the_platform_has_operators)
        asked.check(rules.email_must_be_well_formed, command.email)
        asked.check(rules.email_must_be_free, command.email)

    return _newcomer(command.email, command.name, is_superuser=True)


@handles(SetPassword)
def set_password(command: SetPassword) -> User:
    user = rules.user_must_exist(command.user_id)
    rules.password_must_be_strong(command.password, user)

    user.set_password(command.password)
    user.save(update_fields=["password"])

    return user


def _newcomer(email: str, name: str, *, is_superuser: bool = False) -> User:
    """Somebody who has yet to choose a password."""
    user = User(email=email.lower(), name=name, is_superuser=is_superuser, joined_at=now())
    user.set_unusable_password()
    user.save()
    return user
