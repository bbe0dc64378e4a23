"""Hearing an event: the listener's effects and the mark that it has heard commit together."""

from __future__ import annotations

import datetime as dt
import logging
import random

from django.db.models import F

from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.transactions import unit_of_work

from .base import SUBSCRIBERS
from .models import Delivery

MOST_ATTEMPTS = 8
log = logging.getLogger(__name__)


def deliver(delivery_id: int) -> bool:
    """Let the listener hear it, in the current tenant's context. True when it has, now or already.

    The attempt is counted, and committed, before the listener runs: news that kills its worker is a dead
    letter in the end and not a worker that dies for ever.
    """
    delivery = Delivery.objects.select_related("event").filter(pk=delivery_id).first()
    if delivery is None or delivery.status != Delivery.Status.PENDING:
        return delivery is not None and delivery.status == Delivery.Status.DONE
    if _must_wait_for_earlier(delivery):
        return False
    if not _count_attempt(delivery):
        return False
    try:
        with correlated(delivery.event.correlation_id, causation=f"event:{delivery.event_id}"):
            return _hear(delivery)
    except Exception as error:
        _note_failure(delivery, error)
        return False


def _must_wait_for_earlier(delivery: Delivery) -> bool:
    """What happened to one thing is heard in order, so an unheard earlier event blocks the later one."""
    return (
        Delivery.objects.filter(
            subscriber=delivery.subscriber,
            tenant_id=delivery.tenant_id,
            aggregate=delivery.aggregate,
            event_id__lt=delivery.event_id,
        )
        .exclude(status=Delivery.Status.DONE)
        .exists()
    )


def _count_attempt(delivery: Delivery) -> bool:
    """Only one worker counts attempt n; the others see that it is taken."""
    if delivery.attempts >= MOST_ATTEMPTS:
        _bury(delivery, delivery.last_error or "The worker was lost each time.")
        return False
    wait = min(300, 2**delivery.attempts) * random.uniform(1, 1.5)  # noqa: S311 - jitter
    return bool(
        Delivery.objects.open()
        .filter(pk=delivery.pk, attempts=delivery.attempts)
        .update(attempts=F("attempts") + 1, next_at=now() + dt.timedelta(seconds=wait))
    )


def _hear(delivery: Delivery) -> bool:
    subscriber = SUBSCRIBERS[delivery.subscriber]
    if subscriber.own_transactions:
        subscriber.hear(delivery.event.news)
        Delivery.objects.open().filter(pk=delivery.pk).update(
            status=Delivery.Status.DONE, done_at=now(), last_error=""
        )
        return True
    with unit_of_work():
        mine = Delivery.objects.open().filter(pk=delivery.pk).select_for_update(skip_locked=True)
        if mine.first() is None:
            return False
        subscriber.hear(delivery.event.news)
        mine.update(status=Delivery.Status.DONE, done_at=now(), last_error="")
    return True


def _note_failure(delivery: Delivery, error: Exception) -> None:
    log.warning("%s could not hear event %s: %s", delivery.subscriber, delivery.event_id, error)
    if delivery.attempts + 1 >= MOST_ATTEMPTS:
        _bury(delivery, repr(error))
    else:
        Delivery.objects.open().filter(pk=delivery.pk).update(last_error=repr(error)[:2000])


def _bury(delivery: Delivery, why: str) -> None:
    Delivery.objects.open().filter(pk=delivery.pk).update(status=Delivery.Status.DEAD, last_error=why[:2000])
    log.error("%s gave up on event %s: %s", delivery.subscriber, delivery.event_id, why)
