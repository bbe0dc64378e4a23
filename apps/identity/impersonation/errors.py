"""Why an operator does not enter."""

from apps.identity.errors import IdentityRefusal
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class ReasonMissing(IdentityRefusal, Invalid):
    message = "Say why: the tenant reads it."


class OnlyOperatorsEnter(IdentityRefusal, Forbidden):
    message = "{actor} is no operator of the platform."


class TenantNotServed(IdentityRefusal, Conflict):
    message = "{tenant} lets nobody sign in at present."


class UserNotActive(IdentityRefusal, Conflict):
    message = "{user} may not sign in himself, so nobody enters as him."


class UserIsPlatform(IdentityRefusal, Forbidden):
    message = "{user} may do everything here: nobody enters as him."


class UserManagesUsers(IdentityRefusal, Forbidden):
    message = "{user} manages users: to enter as him takes the permission {permission}."


class AlreadyInside(IdentityRefusal, Conflict):
    message = "{operator} is inside as {where} until {until}: end that visit first."
    enforced_by = ("identity_one_impersonation",)


class TicketWorthless(IdentityRefusal, NotFound):
    message = "This ticket opens nothing: it was used, it is older than a minute, or it is for another door."


class ImpersonationUnknown(IdentityRefusal, NotFound):
    message = "There is no impersonation {impersonation_id}."


class EndingUnknown(IdentityRefusal, Invalid):
    message = "{how!r} is no way in which a visit ends."


class VisitUnknown(IdentityRefusal, NotFound):
    message = "No support visit {number} is open here."


class VisitIsOver(IdentityRefusal, Forbidden):
    message = "The support visit is over. {how}."


class NotForSupport(IdentityRefusal, Forbidden):
    message = "Passwords and addresses are for {user} alone, and not for {support}."
