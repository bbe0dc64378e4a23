"""The refusals of identity."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated, Unavailable


class EmailTaken(Conflict):
    message = _("There is already a user with the address {email}.")
    enforced_by = ("identity_email_once",)


class EmailMalformed(Invalid):
    message = _("{email!r} is not an e-mail address.")


class RoleUnknown(NotFound):
    message = _("There is no role {role!r}; the roles are {known}.")


class PasswordTooWeak(Invalid):
    message = _("The password is too weak: {why}")


class OperatorsArePlatformOnly(Invalid):
    message = _("{tenant} is a tenant; only the platform has operators.")


class UserUnknown(NotFound):
    message = _("There is no user {user_id}.")


class CannotDeactivateYourself(Conflict):
    message = _("You cannot deactivate your own account: ask another owner.")


class LastAdministrator(Conflict):
    message = _("{user} is the last active administrator; make another user an administrator first.")


class AlreadyActive(Conflict):
    message = _("{user} is active already.")


class AlreadyDeactivated(Conflict):
    message = _("{user} is deactivated already.")


class OperatorsHaveNoRoles(Invalid):
    message = _("Operators of the platform have no roles; they have every permission.")


class RoleNeeded(Invalid):
    message = _("A user needs at least one role; to revoke all access, deactivate the user.")


class CredentialsRefused(Unauthenticated):
    """The message does not reveal which of the two was wrong."""

    message = _("The address or the password is wrong, or the account cannot sign in here.")


class SecondFactorNeeded(Unauthenticated):
    message = _("Sign-in needs a second factor.")


class PasswordWrong(Forbidden):
    message = _("The current password is wrong.")


class PasswordLinkUsed(Conflict):
    message = _("This link was used or has expired.")


class AddressChangeUnknown(NotFound):
    message = _("No change of an address to {new_email} is requested.")


class AttemptsUnavailable(Unavailable):
    """Without Redis no attempt can be counted, so no password is judged."""

    message = _("Sign-in and changes of passwords are unavailable for a moment. Try again shortly.")
    retry_after = 5


class TooManyAttempts(Refusal):
    message = _("Too many attempts. Try again in {seconds} seconds.")
    status = 429

    def __init__(self, *, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.retry_after = seconds


class TokenInvalid(Unauthenticated):
    message = _("The access token is invalid.")


class TokenExpired(Unauthenticated):
    message = _("The access token has expired: refresh it.")


class TokenOutdated(Unauthenticated):
    """The session has ended, or the tenant, the roles or the account changed."""

    message = _("The access token is outdated: refresh it, or sign in again.")


class TokenOfAnotherTenant(Forbidden):
    message = _("The access token is for another tenant.")


class RefreshTokenUnknown(Unauthenticated):
    message = _("The refresh token is unknown.")


class RefreshTokenReused(Unauthenticated):
    message = _(
        "The refresh token was used before, so it may have been stolen. The session has ended: sign in again."
    )


class SessionEnded(Unauthenticated):
    message = _("The session has ended: sign in again.")


class SessionUnknown(NotFound):
    message = _("There is no session {session_id}.")
