"""What identity refuses."""

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


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


class NotAtATenant(IdentityRefusal, Invalid):
    message = "{tenant} has no operators; they are the platform's."


class UserUnknown(IdentityRefusal, NotFound):
    message = "There is no user {user_id} here."
