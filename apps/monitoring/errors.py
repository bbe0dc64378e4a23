"""What oversight refuses."""

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal, Unavailable


class MonitoringRefusal(Refusal):
    """The family of oversight."""


class DeliveryUnknown(MonitoringRefusal, NotFound):
    message = "There is no delivery {delivery_id}."


class DeliveryIsPending(MonitoringRefusal, Conflict):
    message = "The delivery {delivery} is pending: it is tried by itself."


class DeliveryIsSettled(MonitoringRefusal, Conflict):
    message = "The delivery {delivery} is {status} already, so there is nothing to drop."


class SubscriberUnknown(MonitoringRefusal, NotFound):
    message = "No module that is installed has the subscriber {subscriber!r}."


class EventUnknown(MonitoringRefusal, NotFound):
    message = "No module that is installed publishes {event!r}."


class NotSubscribed(MonitoringRefusal, Invalid):
    message = "{subscriber} does not hear {event}."


class NothingToReplay(MonitoringRefusal, Conflict):
    message = "In {database} there is nothing to replay to {subscriber}."


class ReasonMissing(MonitoringRefusal, Invalid):
    message = "Say why: it is kept in the audit log."


class NothingKnown(MonitoringRefusal, NotFound):
    message = "Nothing here knows of the correlation id {correlation_id}."


class BrokerDoesNotAnswer(MonitoringRefusal, Unavailable):
    message = "The broker does not answer, so nobody knows what waits."
