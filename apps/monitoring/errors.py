"""Refusals of oversight."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal, Unavailable


class MonitoringRefusal(Refusal):
    """Base class of these refusals."""


class DeliveryUnknown(MonitoringRefusal, NotFound):
    message = _("There is no delivery {delivery_id}.")


class DeliveryIsPending(MonitoringRefusal, Conflict):
    message = _("The delivery {delivery} is pending and will be attempted automatically.")


class DeliveryIsSettled(MonitoringRefusal, Conflict):
    message = _("The delivery {delivery} is {status} already, so there is nothing to drop.")


class SubscriberUnknown(MonitoringRefusal, NotFound):
    message = _("No installed module has the subscriber {subscriber!r}.")


class EventUnknown(MonitoringRefusal, NotFound):
    message = _("No installed module publishes {event!r}.")


class NotSubscribed(MonitoringRefusal, Invalid):
    message = _("{subscriber} does not subscribe to {event}.")


class NothingToReplay(MonitoringRefusal, Conflict):
    message = _("In {database} there is nothing to replay to {subscriber}.")


class ReasonMissing(MonitoringRefusal, Invalid):
    message = _("Enter a reason for the audit log.")


class CorrelationIdUnknown(MonitoringRefusal, NotFound):
    message = _("No entry has the correlation id {correlation_id}.")


class BrokerUnreachable(MonitoringRefusal, Unavailable):
    message = _("The broker is unreachable, so queue lengths are unknown.")
