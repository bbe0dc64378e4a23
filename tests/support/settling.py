"""Relay and workers in this process, until nothing more is due: for tests of an outcome.
Brokers, worker processes and crashes have their own tests."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route
from apps.kernel.availability import availability_of
from apps.kernel.clock import now
from apps.kernel.tenant import TenantInfo, activate

LIMIT = 500


def settle(*, impatient: bool = False) -> int:
    """Returns the number of attempts. Events with a later due time stay pending; `impatient` skips the backoff after a
    failed attempt."""
    tried = 0
    while tried < LIMIT:
        route()
        ready = due(impatient=impatient)
        if not ready:
            return tried
        for delivery in ready:
            tried += 1
            with activate(tenant_of(delivery)):
                deliver(delivery.pk)
    raise AssertionError(f"Not settled after {LIMIT} deliveries.")


def due(*, impatient: bool) -> list[Delivery]:
    """Deliveries of active tenants: new ones that a hint would have named, and retries and postponed ones after their
    delay."""
    is_time = Q(event__due_at=None) | Q(event__due_at__lte=now())
    is_retryable = Q() if impatient else Q(attempts=0, last_error="") | Q(next_at__lte=now())
    pending = Delivery.objects.using("relay").filter(is_time, is_retryable, status="pending")
    return [
        delivery for delivery in pending.order_by("event_id") if availability_of(tenant_of(delivery)).works
    ]


def tenant_of(delivery: Delivery) -> TenantInfo | None:
    return import_string(settings.TENANT_BY_ID)(delivery.tenant_id) if delivery.tenant_id else None
