"""The handlers of a user's own account."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.identity import rules
from apps.identity.events import AddressChanged, AddressChangeRequested
from apps.identity.models import User
from apps.kernel.errors import together

from .commands import ChangePassword, ConfirmAddressChange, RequestAddressChange, ResetPassword


@handles(ChangePassword)
def change_password(command: ChangePassword) -> User:
    user = rules.active_user_must_exist(command.user_id)
    rules.current_password_must_match(user, command.current_password)
    rules.password_must_be_strong(command.new_password, user)

    user.replace_password(command.new_password)

    return user


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


@handles(ConfirmAddressChange, emits=(AddressChanged,))
def confirm_address_change(command: ConfirmAddressChange) -> User:
    user = rules.address_change_must_be_requested(command.user_id, command.new_email)
    rules.email_must_be_free(command.new_email)

    former = user.email
    user.email, user.new_email = user.new_email, ""
    user.save(update_fields=["email", "new_email"])

    publish(AddressChanged(user_id=user.pk, email=user.email, former_email=former))
    return user
