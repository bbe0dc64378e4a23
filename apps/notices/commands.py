"""The commands of notices."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import multiline, secret

SEND_PERMISSION = "notices.send_announcement"
MANAGE_CHANNELS_PERMISSION = "notices.manage_notification_channels"


@dataclass(frozen=True, kw_only=True)
class SendAnnouncement(Command):
    """Send an announcement by e-mail to the named recipients, and to every notification channel for its kind.

    to          e-mail addresses, a role ("owner"), or on the platform "operators"; in a tenant, its own users only
    transports  "email", "chat"
    key         a notice with this key is sent once, even with another text
    topic       what it is about: an issue tracker has one issue for all notices of a topic, and comments on it
    closes_topic  close that issue
    """

    permission = SEND_PERMISSION
    by_support = False
    schedulable = True
    audit_message = gettext_noop("sent the announcement {result}")

    subject: str = field(
        metadata=multiline
    )  # a line break is refused instead of removed, as it would make a header
    text: str = field(metadata=multiline)
    kind: str = "note"
    to: tuple[str, ...] = ()
    transports: tuple[str, ...] = ("email", "chat")
    key: str = ""
    topic: str = ""
    closes_topic: bool = False


@dataclass(frozen=True, kw_only=True)
class ResendNoticeDelivery(Command):
    """Resend a notice to one recipient, starting with the first attempt."""

    permission = SEND_PERMISSION
    audit_message = gettext_noop("resent {result}")

    notice_delivery_id: int


@dataclass(frozen=True, kw_only=True)
class AddNotificationChannel(Command):
    """Add a chat that receives notices: every kind, or the selected kinds. Its address is a secret and is never shown
    again."""

    permission = MANAGE_CHANNELS_PERMISSION
    by_support = False
    audit_message = gettext_noop("added the notification channel {result}")

    name: str
    address: str = field(metadata=secret, repr=False)
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RemoveNotificationChannel(Command):
    """Remove a notification channel. Its address is deleted, and its waiting deliveries fail."""

    permission = MANAGE_CHANNELS_PERMISSION
    audit_message = gettext_noop("removed the notification channel {result}: {reason}")

    channel_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SendTestMessage(Command):
    """Send a test message to a notification channel."""

    permission = MANAGE_CHANNELS_PERMISSION
    audit_message = gettext_noop("sent {result}")

    channel_id: int


@dataclass(frozen=True, kw_only=True)
class ResealAddresses(Command):
    """Encrypt channel addresses with the newest key of the installation, a batch at a time, so that older keys can be
    removed."""

    permission = MANAGE_CHANNELS_PERMISSION
    runs_while_closed = True
    audit_message = gettext_noop("encrypted {result} channel addresses with the newest key")
