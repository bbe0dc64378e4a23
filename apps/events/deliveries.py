"""Deliveries: the effects of a listener and the state of its delivery commit together."""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.db import transaction

from apps.kernel.clock import now
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.retries import WORKER_LOST, Backoff, claim
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.queues import hints
from apps.kernel.tenant import current_tenant

from . import breakers, instrumentation, postponing
from .base import SUBSCRIBERS, Subscriber
from .hints import hint_of
from .models import Delivery

ATTEMPT = Lock("delivery:{delivery}")
BACKOFF = Backoff.exponential(first=dt.timedelta(seconds=1), max_delay=dt.timedelta(minutes=5), retries=7)
LAST_LEASE = dt.timedelta(minutes=2)
"""Of a worker in the last attempt. In the others it is the delay."""
HINT_TIMEOUT = dt.timedelta(seconds=15)
"""After it the sweep repeats the hint. Long enough that a backlog does not multiply messages."""
BATCH_SIZE, BATCH_TIMEOUT_S = 5, 5.0
"""Of one ordering key per hint. The rest gets a new hint behind other tenants' messages in the queue."""
log = logging.getLogger(__name__)


def deliver(delivery_id: int) -> bool:
    """Runs the listener for the delivery in the current tenant. True if it is handled, now or before.

    Deliveries with the same ordering key are handled in order, from the head, one batch per hint. A head that waits for
    its next attempt or is a dead letter blocks the deliveries behind it.
    """
    return _deliver(delivery_id, at_once=True)


def deliver_on_hint(delivery_id: int) -> bool:
    """As `deliver`, but not before the backoff of a failed attempt is over: hints may be repeated or early."""
    return _deliver(delivery_id, at_once=False)


def _deliver(delivery_id: int, *, at_once: bool) -> bool:
    tenant = current_tenant()
    of_tenant = Delivery.objects.filter(tenant_id=tenant.id if tenant else None)
    named = of_tenant.filter(pk=delivery_id).first()
    if named is None or named.status != Delivery.Status.PENDING:
        return named is not None and named.status == Delivery.Status.DONE
    return named.pk in _handle_batch(named, at_once=at_once)


def _handle_batch(named: Delivery, *, at_once: bool) -> set[int]:
    handled: set[int] = set()
    ends_at = time.monotonic() + BATCH_TIMEOUT_S
    while head := _head(named):
        if not _is_ready(head, at_once=at_once and head.pk == named.pk):
            _wait_behind(named, behind=head)
            break
        if len(handled) == BATCH_SIZE or time.monotonic() > ends_at:
            _hint_head(head)
            break
        if not handled and not breakers.may_deliver(named):
            _pause(named)
            break
        if not _try(head):
            break
        handled.add(head.pk)
    return handled


def _head(named: Delivery) -> Delivery | None:
    unsettled = Delivery.objects.unsettled().with_same_ordering_key(named)
    return unsettled.select_related("event").order_by("event_id").first()


def _is_ready(head: Delivery, *, at_once: bool) -> bool:
    """Pending, past the due time of its event, and not in the backoff of a failed attempt."""
    if head.status != Delivery.Status.PENDING or (head.event.due_at and head.event.due_at > now()):
        return False
    return at_once or bool(head.hinted_at) or head.next_at is None or head.next_at <= now()


def _try(delivery: Delivery) -> bool:
    """One attempt by one worker: under a row lock, or an advisory lock if the listener has its own transactions."""
    subscriber = SUBSCRIBERS[delivery.subscriber]
    if not subscriber.own_transactions:
        return _count_attempt(delivery) and _attempt(subscriber, delivery)
    with advisory_lock(ATTEMPT.key(delivery=delivery.pk)) as is_acquired:
        return is_acquired and _count_attempt(delivery) and _attempt(subscriber, delivery)


def _attempt(subscriber: Subscriber, delivery: Delivery) -> bool:
    try:
        with instrumentation.handling(delivery):
            is_handled = (
                _handle_outside_transaction(subscriber, delivery)
                if subscriber.own_transactions
                else _handle(delivery)
            )
    except Exception as error:
        _note_failure(delivery, error)
        return False
    if is_handled:
        instrumentation.count(delivery.subscriber, "handled")
        breakers.note_success(delivery)
    return is_handled


def _count_attempt(delivery: Delivery) -> bool:
    """Commits the attempt before the listener runs, so that an event that kills its worker becomes a dead letter.

    Only one worker can count attempt n; False for the others."""
    if delivery.is_exhausted(BACKOFF):
        _mark_dead(delivery, delivery.last_error or WORKER_LOST)
        return False
    with transaction.atomic():
        claimed = claim(Delivery.objects.open().filter(pk=delivery.pk, attempts=delivery.attempts))
        if claimed is None:
            return False
        claimed.count_attempt(BACKOFF, lease=LAST_LEASE)
        claimed.hinted_at = None
        claimed.save(update_fields=["attempts", "next_at", "hinted_at"])
    delivery.attempts = claimed.attempts
    return True


def _handle(delivery: Delivery) -> bool:
    with unit_of_work():
        if claim(Delivery.objects.open().filter(pk=delivery.pk)) is None:
            return False
        SUBSCRIBERS[delivery.subscriber].handle(delivery.event.envelope)
        _mark_done(delivery)
    return True


def _handle_outside_transaction(subscriber: Subscriber, delivery: Delivery) -> bool:
    subscriber.handle(delivery.event.envelope)
    _mark_done(delivery)
    return True


def _mark_done(delivery: Delivery) -> None:
    Delivery.objects.open().filter(pk=delivery.pk).update(
        status=Delivery.Status.DONE, finished_at=now(), last_error="", hinted_at=None
    )


def _note_failure(delivery: Delivery, error: Exception) -> None:
    with instrumentation.about(delivery):
        log.warning("%s failed to handle event %s: %s", delivery.subscriber, delivery.event_id, error)
    if postponing.is_postponed(error):
        _postpone(delivery, error)
        return
    instrumentation.count(delivery.subscriber, "failed")
    if delivery.is_exhausted(BACKOFF):
        _mark_dead(delivery, repr(error))
    else:
        Delivery.objects.open().filter(pk=delivery.pk).update(last_error=repr(error)[:2000])
    breakers.note_failure(delivery, repr(error)[:2000])


def _postpone(delivery: Delivery, error: Exception) -> None:
    """The attempts begin again later, and the breaker counts no failure."""
    instrumentation.count(delivery.subscriber, "postponed")
    Delivery.objects.open().filter(pk=delivery.pk).update(
        attempts=0, next_at=now() + postponing.DELAY, hinted_at=None, last_error=repr(error)[:2000]
    )
    postponing.report(error)


def _mark_dead(delivery: Delivery, error: str) -> None:
    Delivery.objects.open().filter(pk=delivery.pk).update(
        status=Delivery.Status.DEAD, last_error=error[:2000], finished_at=now(), hinted_at=None, next_at=None
    )
    instrumentation.count(delivery.subscriber, "dead")
    with instrumentation.about(delivery):
        log.error("%s: event %s is a dead letter: %s", delivery.subscriber, delivery.event_id, error)


def _pause(named: Delivery) -> None:
    """Clears the hint; the sweep repeats it after the pause."""
    Delivery.objects.open().filter(pk=named.pk).update(hinted_at=None, next_at=now())


def _wait_behind(named: Delivery, *, behind: Delivery) -> None:
    if named.pk != behind.pk:
        Delivery.objects.open().filter(pk=named.pk).update(hinted_at=None, next_at=None)


def _hint_head(head: Delivery) -> None:
    Delivery.objects.open().filter(pk=head.pk).update(hinted_at=now(), next_at=now() + HINT_TIMEOUT)
    hints.send([hint_of(head.pk, head.tenant_id, head.queue, head.event.correlation_id)])
