"""The refusals of notices."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class KindUnknown(Invalid):
    message = _("There is no kind of notice {kind!r}; there are {known}.")


class TransportUnknown(Invalid):
    message = _("There is no transport {transport!r}; there are {known}.")


class MessageMissing(Invalid):
    message = _(
        "A notice needs a subject of one line with at most {subject} characters, and a text of at most {text}."
    )


class TopicTooLong(Invalid):
    message = _("A topic has at most {limit} characters.")


class AudienceUnknown(Invalid):
    message = _("{audience!r} is neither an e-mail address nor one of {known}.")


class TooManyRecipients(Invalid):
    message = _("An announcement has at most {limit} recipients, and these are {count}.")


class RecipientNotAllowed(Forbidden):
    """A tenant cannot be used to spam the world."""

    message = _("{address} is not an active user of this tenant.")


class AlreadyNotified(Conflict):
    """Of two simultaneous requests with one key the second is refused; its retry returns the notice of the first."""

    message = _("A notice with this key is being sent at this moment.")
    enforced_by = ("notices_key_once",)


class ChatAddressRefused(Invalid):
    """The message does not contain the address, which is a secret."""

    message = _("The address cannot be used: {why}.")


class NotificationChannelNotFound(NotFound):
    message = _("There is no notification channel {channel_id}.")


class NotificationChannelNameTaken(Conflict):
    message = _("There is already a notification channel named {name!r}.")
    enforced_by = ("notices_channel_name_once",)


class NotificationChannelIsRemoved(Conflict):
    message = _("The notification channel {channel} is removed.")


class NoticeDeliveryNotFound(NotFound):
    message = _("There is no notice delivery {notice_delivery_id}.")


class NoticeDeliveryInProgress(Conflict):
    message = _("{delivery} is being sent at this moment.")


class ReasonMissing(ReasonRequired):
    """For the removal of a notification channel."""


class NameMissing(Invalid):
    message = _("A notification channel needs a name of at most 80 characters.")
