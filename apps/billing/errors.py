"""What billing refuses."""

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


class BillingRefusal(Refusal):
    """The family of billing."""


class PlanUnknown(BillingRefusal, NotFound):
    message = "There is no plan {code!r}."


class PlanNotOffered(BillingRefusal, Conflict):
    message = "The plan {plan} is no longer offered."


class PlanMalformed(BillingRefusal, Invalid):
    message = "A plan has a code of a–z, 0–9 and hyphens, and a name."


class ModuleNotLicensed(BillingRefusal, Invalid):
    message = "No module {module!r} is sold; there are {sold}."


class ModuleIncomplete(BillingRefusal, Invalid):
    message = "{module} does not work without {needs}, which is not in the plan."


class LimitUnknown(BillingRefusal, Invalid):
    message = "Nothing is counted as {limit!r}; there are {known}."


class LimitMalformed(BillingRefusal, Invalid):
    message = "A limit is 0 or more, or -1 for none: {limit} cannot be {most}."


class LimitMissing(BillingRefusal, Invalid):
    message = "A plan limits everything that is counted, with -1 for no limit; {limits} is missing."


class LimitDuplicated(BillingRefusal, Invalid):
    message = "{limit} is limited twice."


class DefaultPlanIsFixed(BillingRefusal, Conflict):
    message = (
        "The plan {plan} is what a tenant is on of which nothing is booked; it is never retired nor less."
    )


class ReasonMissing(BillingRefusal, Invalid):
    message = "A reason is needed."
    enforced_by = ("subscription_has_reason",)
