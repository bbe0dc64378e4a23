"""Refusals of billing."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class PlanUnknown(NotFound):
    message = _("There is no plan {code!r}.")


class PlanNotOffered(Conflict):
    message = _("The plan {plan} is no longer offered.")


class PlanMalformed(Invalid):
    message = _("A plan needs a name, and a code of a–z, 0–9 and hyphens.")


class ModuleNotLicensed(Invalid):
    message = _("There is no licensed module or feature {module!r}; choose from {licensed}.")


class ModuleIncomplete(Invalid):
    message = _("{module} requires {needs}, which is not in the plan.")


class LimitUnknown(Invalid):
    message = _("There is no limit {limit!r}; choose from {known}.")


class LimitMalformed(Invalid):
    message = _("A limit must be 0 or more, or -1 for unlimited: {limit} cannot be {maximum}.")


class LimitMissing(Invalid):
    message = _("A plan must set every limit (-1 is unlimited); {limits} is missing.")


class LimitDuplicated(Invalid):
    message = _("The limit {limit} is set twice.")


class DefaultPlanIsFixed(Conflict):
    message = _(
        "The plan {plan} is the default for tenants without a subscription, so it cannot change or be retired."
    )


class ReasonMissing(ReasonRequired):
    """For a change of plan."""

    enforced_by = ("subscription_has_reason",)
