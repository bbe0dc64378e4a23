"""The refusals of support access."""

from apps.identity.errors import IdentityRefusal
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class ReasonMissing(IdentityRefusal, Invalid):
    message = "Support access needs a reason; the tenant reads it."


class OperatorRequired(IdentityRefusal, Forbidden):
    message = "{actor} is not an operator of the platform."


class TenantSignInClosed(IdentityRefusal, Conflict):
    message = "Sign-in to {tenant} is closed at present."


class UserNotActive(IdentityRefusal, Conflict):
    message = "{user} is deactivated and cannot be impersonated."


class UserIsSuperuser(IdentityRefusal, Forbidden):
    message = "{user} has every permission and cannot be impersonated."


class UserManagesUsers(IdentityRefusal, Forbidden):
    message = "{user} manages users: impersonation needs the permission {permission}."


class SupportSessionInProgress(IdentityRefusal, Conflict):
    message = (
        "{operator} has an open support session as {impersonation} until {until}: end that session first."
    )
    enforced_by = ("identity_one_impersonation",)


class TicketInvalid(IdentityRefusal, NotFound):
    message = "This ticket is invalid: it was used, is older than a minute, or is for another tenant."


class ImpersonationUnknown(IdentityRefusal, NotFound):
    message = "There is no impersonation {impersonation_id}."


class EndReasonUnknown(IdentityRefusal, Invalid):
    message = "{end_reason!r} is not a reason for the end of a support session."


class SupportSessionUnknown(IdentityRefusal, NotFound):
    message = "There is no open support session {number}."


class SupportSessionIsOver(IdentityRefusal, Forbidden):
    message = "The support session is over. {end_reason}."


class NotForSupport(IdentityRefusal, Forbidden):
    message = "Passwords and addresses are for {user} only, not for {support}."
