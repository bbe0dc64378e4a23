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
from apps.kernel.tenant import current_tenant

from .base import SUBSCRIBERS
from .models import Breaker, BreakerQuerySet

MAX_FAILURES = 10
"""In a row, of any deliveries. More than the attempts of one delivery: one poison message pauses no subscriber."""
PAUSE = dt.timedelta(seconds=30)
MAX_PAUSE = dt.timedelta(minutes=5)
log = logging.getLogger(__name__)


Stream = tuple[str, int | None]
"""A subscriber and the tenant of the events; None is the platform."""


def enabled_subscribers() -> list[str]:
    """The subscribers whose module is enabled."""
    return [name for name in SUBSCRIBERS if is_enabled(name)]


def inactive_tenants() -> list[int]:
    """The tenants without deliveries at present."""
    return list(import_string(settings.INACTIVE_TENANTS)())


def paused_streams(*, using: str) -> set[Stream]:
    """The streams with an open breaker."""
    return set(Breaker.objects.using(using).open().values_list("subscriber", "tenant_id"))


def is_enabled(subscriber: str) -> bool:
    """The module is installed and not turned off by a flag."""
    return subscriber in SUBSCRIBERS and bool(
        import_string(settings.SUBSCRIBER_GATE)(SUBSCRIBERS[subscriber].app)
    )


def may_deliver(subscriber: str) -> bool:
    """Whether a delivery of the current tenant may be tried. After the pause only the first caller may, as a trial."""
    if not is_enabled(subscriber) or not current_availability().works:
        return False
    breaker = _of(subscriber).first()
    if breaker is None or breaker.open_until is None:
        return True
    if breaker.open_until > now():
        return False
    return bool(_of(subscriber).filter(open_until=breaker.open_until).update(open_until=now() + PAUSE))


def note_success(subscriber: str) -> None:
    if _of(subscriber).filter(failures__gt=0).update(failures=0, open_until=None):
        log.info("%s has recovered.", subscriber)


def note_failure(subscriber: str, error: str) -> None:
    with transaction.atomic():
        breaker, _ = Breaker.objects.select_for_update().get_or_create(
            subscriber=subscriber, tenant_id=_tenant_id()
        )
        breaker.failures += 1
        breaker.last_error = error
        if breaker.failures >= MAX_FAILURES:
            breaker.open_until = now() + _pause_after(breaker.failures)
            log.error("%s failed %s times in a row and is paused.", subscriber, breaker.failures)
        breaker.save()


def _of(subscriber: str) -> BreakerQuerySet:
    return Breaker.objects.of(subscriber, _tenant_id())


def _tenant_id() -> int | None:
    tenant = current_tenant()
    return tenant.id if tenant else None


def _pause_after(failures: int) -> dt.timedelta:
    doubled = min(failures - MAX_FAILURES, 10)
    return min(MAX_PAUSE, PAUSE * (1 << doubled))
