"""Hearing an event: the listener's effects and the mark that it has heard commit together."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time

from django.db import transaction
from django.db.models import F

from apps.kernel.clock import now
from apps.kernel.locks import Lock
from apps.kernel.tenant import current_tenant
from apps.kernel.transactions import advisory_lock, unit_of_work

from . import breakers, hints, instrumentation
from .base import SUBSCRIBERS, Subscriber
from .models import Delivery

ATTEMPT = Lock("delivery:{delivery}")
MAX_ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
PATIENCE = dt.timedelta(seconds=15)
"""How long a hint is given before the sweep repeats it, so that a backlog is not answered with more messages."""
TURN, TURN_SECONDS = 5, 5.0
"""How much of one line is heard for one hint; then others, who may be other tenants, have their turn."""
log = logging.getLogger(__name__)


def deliver(delivery_id: int) -> bool:
    """Let the listener hear it now, in the current tenant's context. True when it has, now or already.

    What happened to one thing is heard in order. So the line in which the delivery stands is heard from its head,
    for one turn, and goes on from there with a hint of its own. A head that failed and rests, or was given up,
    holds up those behind it.
    """
    return _deliver(delivery_id, at_once=True)


def deliver_on_hint(delivery_id: int) -> bool:
    """As a hint asks: not before the rest after a failure is over, since messages come twice and too early."""
    return _deliver(delivery_id, at_once=False)


def _deliver(delivery_id: int, *, at_once: bool) -> bool:
    tenant = current_tenant()
    mine = Delivery.objects.filter(tenant_id=tenant.id if tenant else None)
    named = mine.filter(pk=delivery_id).first()
    if named is None or named.status != Delivery.Status.PENDING:
        return named is not None and named.status == Delivery.Status.DONE
    return named.pk in _heard_in_one_turn(named, at_once=at_once)


def _heard_in_one_turn(named: Delivery, *, at_once: bool) -> set[int]:
    heard: set[int] = set()
    ends_at = time.monotonic() + TURN_SECONDS
    while head := _head(named):
        if not _is_ready(head, at_once=at_once and head.pk == named.pk):
            _let_wait(named, behind=head)
            break
        if len(heard) == TURN or time.monotonic() > ends_at:
            _pass_on(head)
            break
        if not heard and not breakers.lets_through(named.subscriber):
            _pause(named)
            break
        if not _try(head):
            break
        heard.add(head.pk)
    return heard


def _head(named: Delivery) -> Delivery | None:
    line = Delivery.objects.unsettled().beside(named)
    return line.select_related("event").order_by("event_id").first()


def _is_ready(head: Delivery, *, at_once: bool) -> bool:
    """It is hinted, or stands at the head of its line, and neither rests after a failure nor was told for later."""
    if head.status != Delivery.Status.PENDING or (head.event.due_at and head.event.due_at > now()):
        return False
    return at_once or bool(head.hinted_at) or head.next_at is None or head.next_at <= now()


def _try(delivery: Delivery) -> bool:
    """Once, by one worker. Where no transaction holds the row, the session says that somebody is at it."""
    subscriber = SUBSCRIBERS[delivery.subscriber]
    if not subscriber.own_transactions:
        return _count_attempt(delivery) and _attempt(subscriber, delivery)
    with advisory_lock(ATTEMPT.key(delivery=delivery.pk)) as is_acquired:
        return is_acquired and _count_attempt(delivery) and _attempt(subscriber, delivery)


def _attempt(subscriber: Subscriber, delivery: Delivery) -> bool:
    try:
        with instrumentation.handling(delivery):
            heard = (
                _handle_outside_transaction(subscriber, delivery)
                if subscriber.own_transactions
                else _handle(delivery)
            )
    except Exception as error:
        _note_failure(delivery, error)
        return False
    if heard:
        instrumentation.count(delivery.subscriber, "handled")
        breakers.note_success(delivery.subscriber)
    return heard


def _count_attempt(delivery: Delivery) -> bool:
    """Counted, and committed, before the listener runs: news that kills its worker is a dead letter in the end and
    not a worker that dies for ever. Only one worker counts attempt n; the others see that it is taken, or being
    heard at this moment."""
    if delivery.attempts >= MAX_ATTEMPTS:
        _bury(delivery, delivery.last_error or "The worker was lost each time.")
        return False
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2**delivery.attempts) * random.uniform(1, 1.5)  # noqa: S311 - jitter
    mine = Delivery.objects.open().filter(pk=delivery.pk, attempts=delivery.attempts)
    with transaction.atomic():
        if not mine.select_for_update(skip_locked=True).exists():
            return False
        next_at = now() + dt.timedelta(seconds=wait)
        return bool(mine.update(attempts=F("attempts") + 1, next_at=next_at, hinted_at=None))


def _handle(delivery: Delivery) -> bool:
    with unit_of_work():
        mine = Delivery.objects.open().filter(pk=delivery.pk)
        if not mine.select_for_update(skip_locked=True).exists():
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
        status=Delivery.Status.DONE, done_at=now(), last_error="", hinted_at=None
    )


def _note_failure(delivery: Delivery, error: Exception) -> None:
    with instrumentation.about(delivery):
        log.warning("%s could not hear event %s: %s", delivery.subscriber, delivery.event_id, error)
    instrumentation.count(delivery.subscriber, "failed")
    if delivery.attempts + 1 >= MAX_ATTEMPTS:
        _bury(delivery, repr(error))
    else:
        Delivery.objects.open().filter(pk=delivery.pk).update(last_error=repr(error)[:2000])
    breakers.note_failure(delivery.subscriber, repr(error)[:2000])


def _bury(delivery: Delivery, why: str) -> None:
    Delivery.objects.open().filter(pk=delivery.pk).update(
        status=Delivery.Status.DEAD, last_error=why[:2000], hinted_at=None, next_at=None
    )
    instrumentation.count(delivery.subscriber, "dead")
    with instrumentation.about(delivery):
        log.error("%s gave up on event %s: %s", delivery.subscriber, delivery.event_id, why)


def _pause(named: Delivery) -> None:
    """The hint is taken back; the sweep says it again when the subscriber is awake."""
    Delivery.objects.open().filter(pk=named.pk).update(hinted_at=None, next_at=now())


def _let_wait(named: Delivery, *, behind: Delivery) -> None:
    if named.pk != behind.pk:
        Delivery.objects.open().filter(pk=named.pk).update(hinted_at=None, next_at=None)


def _pass_on(head: Delivery) -> None:
    Delivery.objects.open().filter(pk=head.pk).update(hinted_at=now(), next_at=now() + PATIENCE)
    hints.send([hints.Hint(head.pk, head.tenant_id, head.subscriber, head.event.correlation_id)])
