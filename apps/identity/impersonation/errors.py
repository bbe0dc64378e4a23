"""The refusals of support access."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class ReasonMissing(ReasonRequired):
    message = _("Support access needs a reason; the tenant reads it.")


class OperatorRequired(Forbidden):
    message = _("{actor} is not an operator of the platform.")


class TenantSignInClosed(Conflict):
    message = _("Sign-in to {tenant} is closed at present.")


class UserNotActive(Conflict):
    message = _("{user} is deactivated and cannot be impersonated.")


class UserIsSuperuser(Forbidden):
    message = _("{user} has every permission and cannot be impersonated.")


class UserManagesUsers(Forbidden):
    message = _("{user} manages users: impersonation needs the permission {permission}.")


class SupportSessionInProgress(Conflict):
    message = _(
        "{operator} has an open support session as {impersonation} until {until}: end that session first."
    )
    enforced_by = ("identity_one_impersonation",)


class TicketInvalid(NotFound):
    message = _("This ticket is invalid: it was used, is older than a minute, or is for another tenant.")


class ImpersonationUnknown(NotFound):
    message = _("There is no impersonation {impersonation_id}.")


class EndReasonUnknown(Invalid):
    message = _("{end_reason!r} is not a reason for the end of a support session.")


class SupportSessionUnknown(NotFound):
    message = _("There is no open support session {number}.")


class SupportSessionIsOver(Forbidden):
    message = _("The support session is over. {end_reason}.")


class NotForSupport(Forbidden):
    message = _("Passwords and addresses are for {user} only, not for {support}.")
