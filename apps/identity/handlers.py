"""The handlers of the commands of identity."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from apps.bus import handles
from apps.bus.edits import Edits, Values, rows
from apps.events import publish
from apps.kernel.actors import acting
from apps.kernel.clock import now
from apps.kernel.errors import together

from . import roles, rules
from .commands import (
    BeginConsoleSession,
    BeginSession,
    ChangeRoles,
    DeactivateUser,
    EndSession,
    EndSessions,
    EndStolenSession,
    ReactivateUser,
    SetPassword,
)
from .errors import AlreadyActive, AlreadyDeactivated
from .events import RefreshTokenReused
from .models import ApiSession, User


@handles(SetPassword)
def set_password(command: SetPassword) -> User:
    user = rules.user_must_exist(command.user_id)
    rules.password_must_be_strong(command.password, user)

    user.replace_password(command.password)

    return user


def _edited_roles(user_id: int, lock: bool) -> Values | None:
    user = rows(User, lock).filter(pk=user_id).first()
    return {"roles": user.role_names} if user else None


@handles(ChangeRoles, edits=Edits("user_id", _edited_roles))
def change_roles(command: ChangeRoles) -> User:
    rules.only_tenants_have_roles()
    user = rules.user_must_exist_for_change(command.user_id)
    with together() as checks:
        groups = [
            checks.check(rules.role_must_exist, role) for role in rules.role_must_be_given(command.roles)
        ]
        if roles.OWNER not in command.roles:
            checks.check(rules.an_administrator_must_remain, without=user)

    user.change_roles(groups)

    return user


@handles(DeactivateUser)
def deactivate_user(command: DeactivateUser) -> User:
    user = rules.user_must_exist_for_change(command.user_id)
    rules.own_account_must_stay_active(user, acting())
    rules.an_administrator_must_remain(without=user)
    if not user.is_active:
        raise AlreadyDeactivated(user=user)

    user.is_active = False
    user.save(update_fields=["is_active"])

    return user


@handles(ReactivateUser)
def reactivate_user(command: ReactivateUser) -> User:
    user = rules.user_must_exist_for_change(command.user_id)
    if user.is_active:
        raise AlreadyActive(user=user)
    rules.user_limit_must_allow_another()

    user.is_active = True
    user.save(update_fields=["is_active"])

    return user


@handles(BeginSession)
def begin_session(command: BeginSession) -> ApiSession:
    user, at = rules.user_must_be_unchanged(command.user_id, command.epoch), now()

    return ApiSession.objects.create(
        user=user,
        device=command.device[:200],
        address=command.address,
        began_at=at,
        authenticated_at=at,
        last_used_at=at,
        expires_at=at + settings.API_SESSION_LIFE,
    )


@handles(BeginConsoleSession)
def begin_console_session(command: BeginConsoleSession) -> ApiSession:
    user, at = rules.user_must_be_unchanged(command.user_id, command.epoch), now()

    return ApiSession.objects.create(
        user=user,
        kind=ApiSession.Kind.CONSOLE,
        device=command.device[:200],
        address=command.address,
        began_at=at,
        authenticated_at=at,
        last_used_at=at,
        expires_at=at + dt.timedelta(seconds=settings.SESSION_MAX_AGE_S),
    )


@handles(EndSession)
def end_session(command: EndSession) -> ApiSession:
    session = rules.session_must_exist(command.session_id)

    if session.ended_at is None:
        session.end(command.reason)

    return session


@handles(EndSessions)
def end_sessions(command: EndSessions) -> User:
    user = rules.user_must_exist(command.user_id)

    ApiSession.objects.of(user).without(command.staying_session_id).end(command.reason)

    return user


@handles(EndStolenSession, emits=(RefreshTokenReused,))
def end_stolen_session(command: EndStolenSession) -> ApiSession:
    session = rules.session_must_exist(command.session_id)

    if session.ended_at is None:
        session.end("a refresh token was used twice")

    publish(
        RefreshTokenReused(
            session_id=session.pk,
            user_id=session.user_id,
            user_name=str(session.user),
            device=session.device,
        )
    )
    return session
