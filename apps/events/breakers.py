"""Which subscribers are paused: their deliveries stay as they are, and no attempt is used up.

A subscriber whose module is off is paused until it is on again, and everything of a tenant's is while that is closed.
A subscriber that fails again and again for a tenant is paused for that tenant for a while; then a single delivery
tries, and its outcome opens the way or pauses the rest for longer.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant

from .base import SUBSCRIBERS
from .models import Breaker, BreakerQuerySet

MAX_FAILURES = 10
"""In a row, of whatever deliveries. More than one of them can be tried: poison alone pauses nobody."""
REST = dt.timedelta(seconds=30)
LONGEST_REST = dt.timedelta(minutes=5)
log = logging.getLogger(__name__)


Stream = tuple[str, int | None]
"""A subscriber, and the tenant of whose news it hears; None is the platform."""


def on() -> list[str]:
    """The subscribers whose module is on."""
    return [name for name in SUBSCRIBERS if is_on(name)]


def asleep() -> list[int]:
    """The tenants for which nothing is heard at present."""
    return list(import_string(settings.TENANTS_AT_REST)())


def resting(*, using: str) -> set[Stream]:
    """Who is paused at present."""
    return set(Breaker.objects.using(using).open().values_list("subscriber", "tenant_id"))


def is_on(subscriber: str) -> bool:
    """Its module is installed, and no flag turns it off."""
    return subscriber in SUBSCRIBERS and bool(
        import_string(settings.SUBSCRIBER_GATE)(SUBSCRIBERS[subscriber].app)
    )


def lets_through(subscriber: str) -> bool:
    """Whether a delivery of the current tenant may be tried. When the rest is over, the first who asks is the one
    that tries."""
    if not is_on(subscriber) or not current_availability().works:
        return False
    breaker = _of(subscriber).first()
    if breaker is None or breaker.open_until is None:
        return True
    if breaker.open_until > now():
        return False
    return bool(_of(subscriber).filter(open_until=breaker.open_until).update(open_until=now() + REST))


def note_success(subscriber: str) -> None:
    if _of(subscriber).filter(failures__gt=0).update(failures=0, open_until=None):
        log.info("%s hears again.", subscriber)


def note_failure(subscriber: str, error: str) -> None:
    with transaction.atomic():
        breaker, _ = Breaker.objects.select_for_update().get_or_create(
            subscriber=subscriber, tenant_id=_whose()
        )
        breaker.failures += 1
        breaker.last_error = error
        if breaker.failures >= MAX_FAILURES:
            breaker.open_until = now() + _rest_after(breaker.failures)
            log.error("%s failed %s times in a row and is paused.", subscriber, breaker.failures)
        breaker.save()


def _of(subscriber: str) -> BreakerQuerySet:
    return Breaker.objects.of(subscriber, _whose())


def _whose() -> int | None:
    tenant = current_tenant()
    return tenant.id if tenant else None


def _rest_after(failures: int) -> dt.timedelta:
    doubled = min(failures - MAX_FAILURES, 10)
    return min(LONGEST_REST, REST * (1 << doubled))
