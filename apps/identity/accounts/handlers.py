"""The handlers of a user's own account."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.identity import queries, rules
from apps.identity.events import AddressChanged, AddressChangeRequested
from apps.identity.models import ApiSession, User
from apps.kernel.clock import now
from apps.kernel.errors import together

from .commands import (
    ChangePassword,
    ConfirmAddressChange,
    Reauthenticate,
    RecordFailedSignIns,
    RecordLockout,
    RequestAddressChange,
    ResetPassword,
    WithdrawAddressChange,
)


@handles(ChangePassword)
def change_password(command: ChangePassword) -> User:
    user = rules.active_user_must_exist(command.user_id)
    rules.current_password_must_match(user, command.current_password)
    rules.password_must_be_strong(command.new_password, user)

    user.staying_session_id = command.staying_session_id
    user.replace_password(command.new_password)

    return user


@handles(Reauthenticate)
def reauthenticate(command: Reauthenticate) -> User | ApiSession:
    """The result is the API session, if there is one."""
    user = rules.active_user_must_exist(command.user_id)
    rules.current_password_must_match(user, command.password)
    if command.session_id is None:
        return user

    session = rules.session_must_be_open(command.session_id, user)
    session.authenticated_at = now()
    session.save(update_fields=["authenticated_at"])

    return session


@handles(ResetPassword)
def reset_password(command: ResetPassword) -> User:
    user = rules.password_link_must_be_unused(command.user_id, command.epoch)
    rules.password_must_be_strong(command.new_password, user)

    user.replace_password(command.new_password)

    return user


@handles(RequestAddressChange, emits=(AddressChangeRequested,))
def request_address_change(command: RequestAddressChange) -> User:
    user = rules.active_user_must_exist(command.user_id)
    rules.current_password_must_match(user, command.current_password)
    with together() as checks:
        checks.check(rules.email_must_be_well_formed, command.new_email)
        checks.check(rules.email_must_be_free, command.new_email)

    user.new_email = command.new_email.lower()
    user.save(update_fields=["new_email"])

    publish(AddressChangeRequested(user_id=user.pk, email=user.email, new_email=user.new_email))
    return user


@handles(WithdrawAddressChange)
def withdraw_address_change(command: WithdrawAddressChange) -> User:
    user = rules.address_change_must_be_requested(command.user_id, command.new_email)

    user.new_email = ""
    user.save(update_fields=["new_email"])

    return user


@handles(ConfirmAddressChange, emits=(AddressChanged,))
def confirm_address_change(command: ConfirmAddressChange) -> User:
    user = rules.address_change_must_be_requested(command.user_id, command.new_email)
    rules.email_must_be_free(command.new_email)

    former = user.email
    user.email, user.new_email = user.new_email, ""
    user.save(update_fields=["email", "new_email"])

    publish(AddressChanged(user_id=user.pk, email=user.email, former_email=former))
    return user


@handles(RecordFailedSignIns)
def record_failed_sign_ins(command: RecordFailedSignIns) -> User | None:
    """The audit record is the effect."""
    return queries.user_with_id(command.user_id)


@handles(RecordLockout)
def record_lockout(command: RecordLockout) -> User | None:
    """The audit record is the effect."""
    return queries.user_with_id(command.user_id)
