"""Refusals of oversight."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from apps.kernel.reasons import ReasonRequired


class FiltersMalformed(Invalid):
    message = _("The audit log cannot be filtered so: {why}.")


class DeliveryUnknown(NotFound):
    message = _("There is no delivery {delivery_id}.")


class DeliveryIsPending(Conflict):
    message = _("The delivery {delivery} is pending and will be attempted automatically.")


class DeliveryIsSettled(Conflict):
    message = _("The delivery {delivery} is {status} already, so there is nothing to drop.")


class SubscriberUnknown(NotFound):
    message = _("No installed module has the subscriber {subscriber!r}.")


class EventUnknown(NotFound):
    message = _("No installed module publishes {event!r}.")


class NotSubscribed(Invalid):
    message = _("{subscriber} does not subscribe to {event}.")


class NothingToReplay(Conflict):
    message = _("In {database} there is nothing to replay to {subscriber}.")


class ReasonMissing(ReasonRequired):
    """For an intervention by an operator."""


class CorrelationIdUnknown(NotFound):
    message = _("No entry has the correlation id {correlation_id}.")


class BrokerUnreachable(Unavailable):
    message = _("The broker is unreachable, so queue lengths are unknown.")
