"""The handlers of the commands of notices."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.bus import handles
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.kernel.sealed_fields import reseal

from . import deliveries, queries, rules, transports
from .commands import (
    AddNotificationChannel,
    RemoveNotificationChannel,
    ResealAddresses,
    ResendNoticeDelivery,
    SendAnnouncement,
    SendTestMessage,
)
from .errors import ReasonMissing
from .kinds import TEST
from .models import Notice, NoticeDelivery, NotificationChannel


@handles(SendAnnouncement)
def send_announcement(command: SendAnnouncement) -> Notice:
    with together() as checks:
        checks.check(rules.kind_must_be_known, command.kind)
        checks.check(rules.transports_must_exist, command.transports)
        checks.check(rules.message_must_be_complete, command.subject, command.text)
        checks.check(rules.topic_must_be_short, command.topic)
        addresses = checks.check(rules.recipients_must_be_known, command.to)
    if notice := queries.notice_with_key(command.key):
        return notice

    return deliveries.create_notice(
        command.kind,
        command.subject,
        command.text,
        addresses=addresses if "email" in command.transports else (),
        channels=NotificationChannel.objects.subscribed_to(command.kind)
        if "chat" in command.transports
        else (),
        to=command.to,
        key=command.key,
        topic=command.topic,
        closes_topic=command.closes_topic,
    )


@handles(ResendNoticeDelivery)
def resend_notice_delivery(command: ResendNoticeDelivery) -> NoticeDelivery:
    delivery = rules.delivery_must_exist(command.notice_delivery_id)
    rules.delivery_must_not_be_in_progress(delivery)
    rules.recipient_must_exist(delivery)

    delivery.requeue()
    deliveries.SEND.hint_after_commit(delivery.notice_id)
    return delivery


@handles(AddNotificationChannel)
def add_notification_channel(command: AddNotificationChannel) -> NotificationChannel:
    with together() as checks:
        name = checks.check(rules.name_must_be_given, command.name)
        masked_address = checks.check(transports.chat.masked_address, command.address)
        checks.check(rules.kind_must_be_known, *command.kinds)

    channel = NotificationChannel.objects.create(
        name=name, masked_address=masked_address, kinds=sorted(set(command.kinds)), created_at=now()
    )
    channel.seal(command.address)
    channel.save(update_fields=["sealed"])
    return channel


@handles(RemoveNotificationChannel)
def remove_notification_channel(command: RemoveNotificationChannel) -> NotificationChannel:
    reason_must_be_given(command.reason, ReasonMissing)
    channel = rules.channel_must_be_active(command.channel_id)

    channel.remove()
    NoticeDelivery.objects.filter(channel=channel, state=NoticeDelivery.State.WAITING).update(
        state=NoticeDelivery.State.FAILED,
        last_error="The notification channel was removed.",
        finished_at=now(),
    )
    return channel


@handles(SendTestMessage)
def send_test_message(command: SendTestMessage) -> Notice:
    channel = rules.channel_must_be_active(command.channel_id)

    return deliveries.create_notice(
        TEST.name,
        gettext("Test message"),
        gettext("Notices for {channel} arrive here.").format(channel=channel),
        addresses=(),
        channels=[channel],
    )


@handles(ResealAddresses)
def reseal_addresses(command: ResealAddresses) -> int:
    """Returns the number of addresses that were encrypted again."""
    return reseal(NotificationChannel.objects.all())
