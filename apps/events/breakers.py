"""Circuit breakers of subscribers. The deliveries of a paused subscriber stay pending and use up no attempt.

A subscriber is paused while its module is off or the tenant is closed. After repeated failures for one tenant it is
paused for that tenant; then a single delivery is tried, and its outcome closes the breaker or doubles the pause.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.db.retries import Backoff

from .base import SUBSCRIBERS
from .models import Breaker, BreakerQuerySet, Delivery

MAX_FAILURES = 10
"""In a row, of any deliveries. More than the attempts of one delivery: one poison message pauses no subscriber."""
PAUSE = dt.timedelta(seconds=30)
PAUSES = Backoff.exponential(first=PAUSE, max_delay=dt.timedelta(minutes=5), retries=5, jitter=0)
log = logging.getLogger(__name__)


Stream = tuple[str, str, int | None]
"""A subscriber, the queue of its deliveries, and the tenant of the events; None is the platform."""


def stream_of(delivery: Delivery) -> Stream:
    return delivery.subscriber, delivery.queue, delivery.tenant_id


def enabled_subscribers() -> list[str]:
    """The subscribers whose module is enabled."""
    return [name for name in SUBSCRIBERS if is_enabled(name)]


def inactive_tenants() -> list[int]:
    """The tenants without deliveries at present."""
    return list(import_string(settings.INACTIVE_TENANTS)())


def paused_streams(*, using: str) -> set[Stream]:
    """The streams with an open breaker."""
    return set(Breaker.objects.using(using).open().values_list("subscriber", "queue", "tenant_id"))


def is_enabled(subscriber: str) -> bool:
    """The module is installed and not turned off by a flag."""
    return subscriber in SUBSCRIBERS and bool(
        import_string(settings.SUBSCRIBER_GATE)(SUBSCRIBERS[subscriber].app)
    )


def may_deliver(delivery: Delivery) -> bool:
    """Whether a delivery may be tried, in its tenant. After the pause only the first caller may, as a trial."""
    if not is_enabled(delivery.subscriber) or not current_availability().works:
        return False
    breaker = _of(delivery).first()
    if breaker is None or breaker.open_until is None:
        return True
    if breaker.open_until > now():
        return False
    return bool(_of(delivery).filter(open_until=breaker.open_until).update(open_until=now() + PAUSE))


def note_success(delivery: Delivery) -> None:
    if _of(delivery).filter(failures__gt=0).update(failures=0, open_until=None):
        log.info("%s has recovered.", delivery.subscriber)


def note_failure(delivery: Delivery, error: str) -> None:
    with transaction.atomic():
        breaker, _ = Breaker.objects.select_for_update().get_or_create(
            subscriber=delivery.subscriber, queue=delivery.queue, tenant_id=delivery.tenant_id
        )
        breaker.failures += 1
        breaker.last_error = error
        if breaker.failures >= MAX_FAILURES:
            breaker.open_until = now() + PAUSES.delay(breaker.failures - MAX_FAILURES + 1)
            log.error("%s failed %s times in a row and is paused.", delivery.subscriber, breaker.failures)
        breaker.save()


def _of(delivery: Delivery) -> BreakerQuerySet:
    return Breaker.objects.of(*stream_of(delivery))
