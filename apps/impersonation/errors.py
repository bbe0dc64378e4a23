"""The refusals of support access."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class ReasonMissing(ReasonRequired, code="identity.reason_missing"):
    message = _("Support access needs a reason; the tenant reads it.")


class OperatorRequired(Forbidden, code="identity.operator_required"):
    message = _("{actor} is not an operator of the platform.")


class TenantSignInClosed(Conflict, code="identity.tenant_sign_in_closed"):
    message = _("Sign-in to {tenant} is closed at present.")


class UserNotActive(Conflict, code="identity.user_not_active"):
    message = _("{user} is deactivated and cannot be impersonated.")


class UserIsSuperuser(Forbidden, code="identity.user_is_superuser"):
    message = _("{user} has every permission and cannot be impersonated.")


class UserManagesUsers(Forbidden, code="identity.user_manages_users"):
    message = _("{user} manages users: impersonation needs the permission {permission}.")


class SupportSessionInProgress(Conflict, code="identity.support_session_in_progress"):
    message = _(
        "{operator} has an open support session as {impersonation} until {until}: end that session first."
    )
    enforced_by = ("identity_one_impersonation",)


class TicketInvalid(NotFound, code="identity.ticket_invalid"):
    message = _("This ticket is invalid: it was used, is older than a minute, or is for another tenant.")


class ImpersonationUnknown(NotFound, code="identity.impersonation_unknown"):
    message = _("There is no impersonation {impersonation_id}.")


class EndReasonUnknown(Invalid, code="identity.end_reason_unknown"):
    message = _("{end_reason!r} is not a reason for the end of a support session.")


class SupportSessionUnknown(NotFound, code="identity.support_session_unknown"):
    message = _("There is no open support session {number}.")


class SupportSessionIsOver(Forbidden, code="identity.support_session_is_over"):
    message = _("The support session is over. {end_reason}.")


class NotForSupport(Forbidden, code="identity.not_for_support"):
    message = _("Passwords and addresses are for {user} only, not for {support}.")
