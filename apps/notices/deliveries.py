"""Creating a notice and its deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.kernel.clock import now
from apps.kernel.correlation import correlation_id
from apps.kernel.ids import new_id
from apps.kernel.queues.hints import HintedTask

from .models import Notice, NoticeDelivery, NotificationChannel

SEND = HintedTask("notices.send", queue="low")
"""Sends the due deliveries of a notice."""


def create_notice(
    kind: str,
    subject: str,
    text: str,
    *,
    addresses: Iterable[str],
    channels: Iterable[NotificationChannel],
    to: Sequence[str] = (),
    key: str = "",
    topic: str = "",
    closes_topic: bool = False,
) -> Notice:
    """The notice and its deliveries, which are sent after the commit of the current transaction."""
    notice = Notice.objects.create(
        kind=kind,
        subject=subject,
        text=text,
        to=list(to),
        key=key,
        topic=topic,
        closes_topic=closes_topic,
        correlation_id=correlation_id() or "",
        created_at=now(),
    )
    emails = [_delivery(notice, "email", address=address) for address in addresses]
    messages = [_delivery(notice, "chat", channel=channel) for channel in channels]
    NoticeDelivery.objects.bulk_create([*emails, *messages])
    SEND.hint_after_commit(notice.pk)
    return notice


def _delivery(
    notice: Notice, transport: str, address: str = "", channel: NotificationChannel | None = None
) -> NoticeDelivery:
    return NoticeDelivery(
        notice=notice, transport=transport, address=address, channel=channel, ref=new_id().hex, next_at=now()
    )
