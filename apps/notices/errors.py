"""The refusals of notices."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal


class NoticesRefusal(Refusal):
    """Base class of the refusals of notices."""


class KindUnknown(NoticesRefusal, Invalid):
    message = _("There is no kind of notice {kind!r}; there are {known}.")


class TransportUnknown(NoticesRefusal, Invalid):
    message = _("There is no transport {transport!r}; there are {known}.")


class MessageMissing(NoticesRefusal, Invalid):
    message = _(
        "A notice needs a subject of one line with at most {subject} characters, and a text of at most {text}."
    )


class AudienceUnknown(NoticesRefusal, Invalid):
    message = _("{audience!r} is neither an e-mail address nor one of {known}.")


class TooManyRecipients(NoticesRefusal, Invalid):
    message = _("An announcement has at most {limit} recipients, and these are {count}.")


class RecipientNotAllowed(NoticesRefusal, Forbidden):
    """A tenant cannot be used to spam the world."""

    message = _("{address} is not an active user of this tenant.")


class AlreadyNotified(NoticesRefusal, Conflict):
    """Of two simultaneous requests with one key the second is refused; its retry returns the notice of the first."""

    message = _("A notice with this key is being sent at this moment.")
    enforced_by = ("notices_key_once",)


class ChatAddressRefused(NoticesRefusal, Invalid):
    """The message does not contain the address, which is a secret."""

    message = _("The address cannot be used: {why}.")


class NotificationChannelNotFound(NoticesRefusal, NotFound):
    message = _("There is no notification channel {channel_id}.")


class NotificationChannelNameTaken(NoticesRefusal, Conflict):
    message = _("There is already a notification channel named {name!r}.")
    enforced_by = ("notices_channel_name_once",)


class NotificationChannelIsRemoved(NoticesRefusal, Conflict):
    message = _("The notification channel {channel} is removed.")


class NoticeDeliveryNotFound(NoticesRefusal, NotFound):
    message = _("There is no notice delivery {notice_delivery_id}.")


class NoticeDeliveryInProgress(NoticesRefusal, Conflict):
    message = _("{delivery} is being sent at this moment.")


class ReasonMissing(NoticesRefusal, Invalid):
    message = _("A reason is needed.")


class NameMissing(NoticesRefusal, Invalid):
    message = _("A notification channel needs a name of at most 80 characters.")
