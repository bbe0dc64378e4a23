"""Sending the deliveries of a notice in three steps: count the attempt and commit, send, commit the outcome.

No transaction covers all steps: the lease of a worker that dies expires, and the delivery is sent again under the same
Message-ID. So delivery is at least once, and a mail client recognises a duplicate.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time

from django.db import transaction

from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.correlation import correlated

from . import transports
from .models import NoticeDelivery, NotificationChannel
from .transports import NotSent

LEASE_DURATION = dt.timedelta(minutes=3)
"""Of a delivery by the worker that sends it; longer than the time limit of its task."""
SEND_TIMEOUT_S = 30.0
"""Per task and notice, so that other notices are not delayed."""
RETRY_DELAYS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
"""Between attempts; the first has no delay."""
MAX_ATTEMPTS = 1 + len(RETRY_DELAYS)
log = logging.getLogger(__name__)


def send_due(notice_id: int, timeout_s: float = SEND_TIMEOUT_S) -> bool:
    """Send the due deliveries of a notice one by one. True when the timeout ended the loop."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if not send_next(notice_id):
            return False
    return True


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
        due = NoticeDelivery.objects.due().select_for_update(skip_locked=True, of=("self",))
        delivery = (
            due.select_related("notice", "channel").filter(notice=notice_id).order_by("next_at", "id").first()
        )
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.leased_until = now() + LEASE_DURATION
        delivery.next_at = _next_attempt_at(delivery.attempts) or delivery.next_at
        if delivery.attempts > MAX_ATTEMPTS:  # the worker died in the last one too
            _finish(
                delivery,
                NoticeDelivery.State.FAILED,
                delivery.last_outcome or "The worker died in each attempt.",
            )
            return None
        delivery.save(update_fields=["attempts", "leased_until", "next_at"])
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
            _finish(locked, NoticeDelivery.State.SENT, "Accepted.")
        elif locked.attempts == delivery.attempts and locked.state == NoticeDelivery.State.WAITING:
            _schedule_retry(locked, last_error)
        if delivery.channel_id:
            NotificationChannel.objects.filter(pk=delivery.channel_id).update(
                tried_at=now(), last_outcome=str(last_error or "Accepted.")[:500]
            )


def _schedule_retry(delivery: NoticeDelivery, last_error: NotSent) -> None:
    next_at = None if last_error.permanent else _next_attempt_at(delivery.attempts)
    if next_at is None:
        _finish(delivery, NoticeDelivery.State.FAILED, str(last_error))
        log.error("The notice delivery %s failed: %s", delivery.pk, last_error)
        return
    delivery.next_at, delivery.leased_until, delivery.last_outcome = next_at, None, str(last_error)[:500]
    delivery.save(update_fields=["next_at", "leased_until", "last_outcome"])


def _finish(delivery: NoticeDelivery, state: NoticeDelivery.State, outcome: str) -> None:
    delivery.state, delivery.last_outcome = state, outcome[:500]
    delivery.finished_at, delivery.leased_until = now(), None
    delivery.save(
        update_fields=["state", "last_outcome", "finished_at", "leased_until", "attempts", "next_at"]
    )


def _next_attempt_at(attempts: int) -> dt.datetime | None:
    """The time of the retry; None after the last attempt. A jitter of 10 % spreads deliveries that failed together."""
    if attempts > len(RETRY_DELAYS):
        return None
    return now() + RETRY_DELAYS[attempts - 1] * random.uniform(1, 1.1)  # noqa: S311 - jitter
