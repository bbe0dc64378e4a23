"""Why an operator does not enter."""

from apps.identity.errors import IdentityRefusal
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class ReasonMissing(IdentityRefusal, Invalid):
    message = "Say why: the tenant reads it."


class OperatorRequired(IdentityRefusal, Forbidden):
    message = "{actor} is no operator of the platform."


class TenantSignInClosed(IdentityRefusal, Conflict):
    message = "{tenant} lets nobody sign in at present."


class UserNotActive(IdentityRefusal, Conflict):
    message = "{user} may not sign in himself, so nobody enters as him."


class UserIsSuperuser(IdentityRefusal, Forbidden):
    message = "{user} may do everything here: nobody enters as him."


class UserManagesUsers(IdentityRefusal, Forbidden):
    message = "{user} manages users: to enter as him takes the permission {permission}."


class SupportSessionInProgress(IdentityRefusal, Conflict):
    message = "{operator} is inside as {where} until {until}: end that visit first."
    enforced_by = ("identity_one_impersonation",)


class TicketInvalid(IdentityRefusal, NotFound):
    message = "This ticket opens nothing: it was used, it is older than a minute, or it is for another door."


class ImpersonationUnknown(IdentityRefusal, NotFound):
    message = "There is no impersonation {impersonation_id}."


class EndReasonUnknown(IdentityRefusal, Invalid):
    message = "{end_reason!r} is not a reason for the end of a support session."


class SupportSessionUnknown(IdentityRefusal, NotFound):
    message = "No support session {number} is open here."


class SupportSessionIsOver(IdentityRefusal, Forbidden):
    message = "The support session is over. {end_reason}."


class NotForSupport(IdentityRefusal, Forbidden):
    message = "Passwords and addresses are for {user} alone, and not for {support}."
