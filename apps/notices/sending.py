"""Sending the deliveries of a notice in three steps: count the attempt and commit, send, commit the outcome.

No transaction covers all steps: the lease of a worker that dies expires, and the delivery is sent again under the same
Message-ID. So delivery is at least once, and a mail client recognises a duplicate.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.db import retries
from apps.kernel.db.retries import Backoff

from . import transports
from .models import NoticeDelivery, NotificationChannel
from .transports import NotSent

LEASE_DURATION = dt.timedelta(minutes=3)
"""Of a delivery by the worker that sends it; longer than the time limit of its task."""
SEND_TIMEOUT_S = 30.0
"""Per task and notice, so that other notices are not delayed."""
BACKOFF = Backoff(tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360)))
log = logging.getLogger(__name__)


def send_due(notice_id: int, timeout_s: float = SEND_TIMEOUT_S) -> bool:
    """Send the due deliveries of a notice one by one. True when the timeout ended the loop."""
    return retries.repeat(lambda: send_next(notice_id), timeout_s=timeout_s)


def send_next(notice_id: int) -> bool:
    """Send the next due delivery of a notice, in the current tenant. False when there is none."""
    delivery = claim(notice_id)
    if delivery is None:
        return False
    with correlated(delivery.notice.correlation_id or None):
        record(delivery, attempt(delivery))
    return True


def claim(notice_id: int) -> NoticeDelivery | None:
    """Lease the next due delivery and count an attempt. The deliveries of a closed tenant wait and lose no attempt."""
    if not current_availability().sends:
        return None
    with transaction.atomic():
        due = NoticeDelivery.objects.waiting().due().filter(notice=notice_id)
        delivery = retries.claim(due.select_related("notice", "channel"))
        if delivery is None:
            return None
        if delivery.is_exhausted(BACKOFF):
            delivery.finish(NoticeDelivery.State.FAILED, delivery.last_error or retries.WORKER_LOST)
            return None
        delivery.count_attempt(BACKOFF, lease=LEASE_DURATION)
        delivery.save(update_fields=NoticeDelivery.PROGRESS)
        return delivery


def attempt(delivery: NoticeDelivery) -> NotSent | None:
    """Send it, outside of any transaction. Returns the error, or None."""
    try:
        transports.of(delivery).send(delivery)
    except NotSent as error:
        return error
    except Exception as error:
        log.exception("The notice delivery %s could not be sent.", delivery.pk)
        return NotSent(f"Internal error: {type(error).__name__}.")
    return None


def record(delivery: NoticeDelivery, last_error: NotSent | None) -> None:
    """Store the outcome. A failure is ignored if another worker has made a later attempt."""
    with transaction.atomic():
        locked = NoticeDelivery.objects.select_for_update().get(pk=delivery.pk)
        if last_error is None:
            locked.finish(NoticeDelivery.State.SENT)
        elif locked.attempts == delivery.attempts and locked.state == NoticeDelivery.State.WAITING:
            _schedule_retry(locked, last_error)
        if delivery.channel_id:
            NotificationChannel.objects.filter(pk=delivery.channel_id).update(
                tried_at=now(), last_outcome=str(last_error or "Accepted.")[:500]
            )


def _schedule_retry(delivery: NoticeDelivery, last_error: NotSent) -> None:
    next_at = None if last_error.permanent else BACKOFF.next_at(delivery.attempts)
    if next_at is None:
        delivery.finish(NoticeDelivery.State.FAILED, str(last_error))
        log.error("The notice delivery %s failed: %s", delivery.pk, last_error)
        return
    delivery.next_at, delivery.leased_until, delivery.last_error = next_at, None, str(last_error)[:500]
    delivery.save(update_fields=NoticeDelivery.PROGRESS)
