"""What identity refuses."""

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated


class IdentityRefusal(Refusal):
    """The family of identity."""


class EmailTaken(IdentityRefusal, Conflict):
    message = "Somebody with the address {email} is already here."
    enforced_by = ("identity_email_once",)


class EmailMalformed(IdentityRefusal, Invalid):
    message = "{email!r} is not an e-mail address."


class RoleUnknown(IdentityRefusal, NotFound):
    message = "There is no role {role!r}; the roles are {known}."


class PasswordTooWeak(IdentityRefusal, Invalid):
    message = "The password will not do: {why}"


class OperatorsArePlatformOnly(IdentityRefusal, Invalid):
    message = "{tenant} has no operators; they are the platform's."


class UserUnknown(IdentityRefusal, NotFound):
    message = "There is no user {user_id} here."


class CannotDeactivateYourself(IdentityRefusal, Conflict):
    message = "Nobody shuts himself out: ask another owner."


class LastAdministrator(IdentityRefusal, Conflict):
    message = "{user} is the only one in charge who can sign in; put somebody else in charge first."


class AlreadyActive(IdentityRefusal, Conflict):
    message = "{user} may sign in already."


class AlreadyDeactivated(IdentityRefusal, Conflict):
    message = "{user} is shut out already."


class OperatorsHaveNoRoles(IdentityRefusal, Invalid):
    message = "Operators of the platform have no roles; they may do everything."


class RoleNeeded(IdentityRefusal, Invalid):
    message = "Name at least one role; to shut somebody out, deactivate him."


class CredentialsRefused(IdentityRefusal, Unauthenticated):
    """Says never which of the two was wrong."""

    message = "The address and the password do not belong together, or may not sign in here."


class SecondFactorNeeded(IdentityRefusal, Unauthenticated):
    message = "A second factor is needed to sign in."


class TooManyAttempts(IdentityRefusal):
    message = "Too many attempts to sign in have failed. Wait a few minutes."
    status = 429
    retry_after = 300


class TokenInvalid(IdentityRefusal, Unauthenticated):
    message = "This is no token of ours."


class TokenExpired(IdentityRefusal, Unauthenticated):
    message = "The access token has expired: refresh it."


class TokenOutdated(IdentityRefusal, Unauthenticated):
    """The session has ended, or the tenant, the roles or the account changed."""

    message = "What the access token says is no longer so: refresh it, or sign in again."


class TokenOfAnotherTenant(IdentityRefusal, Forbidden):
    message = "The access token was given for another tenant."


class RefreshTokenUnknown(IdentityRefusal, Unauthenticated):
    message = "There is no such refresh token here."


class RefreshTokenReused(IdentityRefusal, Unauthenticated):
    message = "The refresh token was used before, so somebody else may have it. The session has ended: sign in again."


class SessionEnded(IdentityRefusal, Unauthenticated):
    message = "The session has ended: sign in again."


class SessionUnknown(IdentityRefusal, NotFound):
    message = "There is no session {session_id} here."
