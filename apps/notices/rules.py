"""Validation of announcements and notification channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.kernel.tenant import current_tenant
from apps.kernel.text import is_visible

from . import queries, transports
from .errors import (
    AudienceUnknown,
    KindUnknown,
    MessageMissing,
    NameMissing,
    NoticeDeliveryInProgress,
    NoticeDeliveryNotFound,
    NotificationChannelIsRemoved,
    NotificationChannelNotFound,
    RecipientNotAllowed,
    TooManyRecipients,
    TopicTooLong,
    TransportUnknown,
)
from .models import NoticeDelivery, NotificationChannel

MAX_SUBJECT_LENGTH, MAX_TEXT_LENGTH, MAX_TOPIC_LENGTH, MAX_RECIPIENTS = 200, 5_000, 120, 500


def kind_must_be_known(*names: str) -> None:
    known = [kind.name for kind in queries.kinds_here()]
    for name in names:
        if name not in known:
            raise KindUnknown(kind=name, known=", ".join(known))


def transports_must_exist(names: Sequence[str]) -> None:
    for name in names:
        if name not in transports.NAMES:
            raise TransportUnknown(transport=name, known=", ".join(transports.NAMES))


def message_must_be_complete(subject: str, text: str) -> None:
    """The subject becomes a header of an e-mail, so it is one line."""
    is_one_line = is_visible(subject) and subject.splitlines() == [subject]
    if (
        not is_one_line
        or len(subject) > MAX_SUBJECT_LENGTH
        or not is_visible(text)
        or len(text) > MAX_TEXT_LENGTH
    ):
        raise MessageMissing(subject=MAX_SUBJECT_LENGTH, text=MAX_TEXT_LENGTH)


def topic_must_be_short(topic: str) -> None:
    if len(topic) > MAX_TOPIC_LENGTH:
        raise TopicTooLong(limit=MAX_TOPIC_LENGTH)


def recipients_must_be_known(to: Sequence[str]) -> Sequence[str]:
    """The distinct addresses of all named recipients."""
    addresses = sorted({address for audience in to for address in _addresses(audience)})
    if len(addresses) > MAX_RECIPIENTS:
        raise TooManyRecipients(limit=MAX_RECIPIENTS, count=len(addresses))
    return addresses


def _addresses(audience: str) -> Iterable[str]:
    audiences = queries.audiences()
    if audience in audiences:
        return queries.addresses_of(audience)
    try:
        validate_email(audience)
    except ValidationError:
        raise AudienceUnknown(audience=audience[:80], known=", ".join(audiences)) from None
    if current_tenant() and not queries.is_active_user(audience):
        raise RecipientNotAllowed(address=audience)
    return (audience.lower(),)


def name_must_be_given(name: str) -> str:
    if not is_visible(name) or len(name) > 80:
        raise NameMissing
    return name


def channel_must_be_active(channel_id: int) -> NotificationChannel:
    """Locks the row."""
    channel = NotificationChannel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if channel is None:
        raise NotificationChannelNotFound(channel_id=channel_id)
    if not channel.is_active:
        raise NotificationChannelIsRemoved(channel=channel)
    return channel


def delivery_must_exist(notice_delivery_id: int) -> NoticeDelivery:
    """Locks the row."""
    locked = NoticeDelivery.objects.select_for_update(of=("self",)).select_related("notice", "channel")
    delivery = locked.filter(pk=notice_delivery_id).first()
    if delivery is None:
        raise NoticeDeliveryNotFound(notice_delivery_id=notice_delivery_id)
    return delivery


def delivery_must_not_be_in_progress(delivery: NoticeDelivery) -> None:
    if delivery.is_in_progress:
        raise NoticeDeliveryInProgress(delivery=delivery)


def recipient_must_exist(delivery: NoticeDelivery) -> None:
    if delivery.channel and not delivery.channel.is_active:
        raise NotificationChannelIsRemoved(channel=delivery.channel)
