"""The refusals of service accounts."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from apps.kernel.reasons import ReasonRequired


class NameTaken(Conflict):
    message = _("There is already a service account with the name {name!r}.")
    enforced_by = ("service_accounts_name_once",)


class NameMissing(Invalid):
    message = _("A service account needs a name and a purpose.")


class ScopesMissing(Invalid):
    message = _("A service account needs at least one scope.")
    enforced_by = ("service_accounts_has_scopes",)


class ScopeUnknown(Invalid):
    message = _("There is no permission {scope!r}.")


class ScopeNotGrantable(Forbidden):
    message = _("{actor} does not have {scope}, and so cannot give it to a service account.")


class ExpiryOutOfRange(Invalid):
    message = _("A token ends on a day from tomorrow, and within {days} days.")
    enforced_by = ("service_accounts_token_ends",)


class OverlapOutOfRange(Invalid):
    message = _("The former token stays valid for 0 to {hours} hours.")


class OwnerUnknown(NotFound):
    message = _("There is no active user {owner_id}.")


class ServiceAccountUnknown(NotFound):
    message = _("There is no service account {service_account_id}.")


class ServiceAccountRevoked(Conflict):
    message = _("The service account {name} is revoked.")
    enforced_by = ("BX001",)


class ReasonMissing(ReasonRequired):
    """For the end of a service account."""


class ServiceTokenInvalid(Unauthenticated):
    """Unknown, expired, revoked, or issued before the tenant was closed. The message does not reveal which."""

    message = _("The token of the service account is not valid, or not any more.")
