"""How identity does what it is asked."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel.clock import now
from apps.kernel.errors import together

from . import rules
from .commands import InviteUser, SetPassword
from .models import User


@handles(InviteUser)
def invite_user(command: InviteUser) -> User:
    with together() as asked:
        asked.check(rules.email_must_be_well_formed, command.email)
        asked.check(rules.email_must_be_free, command.email)
        group = asked.check(rules.role_must_exist, command.role)

    user = User(email=command.email.lower(), name=command.name, joined_at=now())
    user.set_unusable_password()
    user.save()
    user.groups.set([group] if group else [])

    return user


@handles(SetPassword)
def set_password(command: SetPassword) -> User:
    user = User.objects.get(pk=command.user_id)
    rules.password_must_be_strong(command.password, user)

    user.set_password(command.password)
    user.save(update_fields=["password"])

    return user
