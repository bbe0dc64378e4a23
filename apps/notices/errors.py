"""The refusals of notices."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal


class NoticesRefusal(Refusal):
    """Base class of the refusals of notices."""


class KindUnknown(NoticesRefusal, Invalid):
    message = "There is no kind of notice {kind!r}; there are {known}."


class TransportUnknown(NoticesRefusal, Invalid):
    message = "There is no transport {transport!r}; there are {known}."


class MessageMissing(NoticesRefusal, Invalid):
    message = "A notice needs a subject of one line with at most {subject} characters, and a text of at most {text}."


class AudienceUnknown(NoticesRefusal, Invalid):
    message = "{audience!r} is neither an e-mail address nor one of {known}."


class TooManyRecipients(NoticesRefusal, Invalid):
    message = "An announcement has at most {limit} recipients, and these are {count}."


class RecipientNotAllowed(NoticesRefusal, Forbidden):
    """A tenant cannot be used to spam the world."""

    message = "{address} is not an active user of this tenant."


class AlreadyNotified(NoticesRefusal, Conflict):
    """Of two simultaneous requests with one key the second is refused; its retry returns the notice of the first."""

    message = "A notice with this key is being sent at this moment."
    enforced_by = ("notices_key_once",)


class ChatAddressRefused(NoticesRefusal, Invalid):
    """The message does not contain the address, which is a secret."""

    message = "The address cannot be used: {why}."


class NotificationChannelNotFound(NoticesRefusal, NotFound):
    message = "There is no notification channel {channel_id}."


class NotificationChannelNameTaken(NoticesRefusal, Conflict):
    message = "There is already a notification channel named {name!r}."
    enforced_by = ("notices_channel_name_once",)


class NotificationChannelIsRemoved(NoticesRefusal, Conflict):
    message = "The notification channel {channel} is removed."


class NoticeDeliveryNotFound(NoticesRefusal, NotFound):
    message = "There is no notice delivery {notice_delivery_id}."


class NoticeDeliveryInProgress(NoticesRefusal, Conflict):
    message = "{delivery} is being sent at this moment."


class ReasonMissing(NoticesRefusal, Invalid):
    message = "A reason is needed."


class NameMissing(NoticesRefusal, Invalid):
    message = "A notification channel needs a name of at most 80 characters."
