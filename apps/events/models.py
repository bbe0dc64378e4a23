"""What is remembered of events: the outbox, one delivery for each listener, and a breaker for each that fails.

The tables stand in the public schema of each database, so that one relay drains all tenants and still commits
with their changes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from apps.kernel.clock import now

from .base import EventEnvelope


class OutboxEvent(models.Model):
    """An event that happened. `tenant_id` is empty for the platform's own; nobody hears it before `due_at`."""

    tenant_id = models.BigIntegerField(null=True, editable=False)
    name = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField(default=1, db_default=1)
    aggregate = models.CharField(max_length=120)
    payload = models.JSONField()
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True)
    traceparent = models.CharField(max_length=55, blank=True, default="", db_default="")
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    routed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "event"
        default_permissions = ("view",)
        indexes = [
            models.Index(name="outbox_unrouted", fields=["id"], condition=Q(routed_at=None)),
            models.Index(name="outbox_of_tenant", fields=["tenant_id", "-id"]),
            models.Index(name="outbox_of_name", fields=["name", "occurred_at"]),
            models.Index(name="outbox_of_request", fields=["correlation_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.aggregate}"

    @property
    def envelope(self) -> EventEnvelope:
        return EventEnvelope(
            id=self.pk,
            name=self.name,
            version=self.version,
            aggregate=self.aggregate,
            payload=self.payload,
            occurred_at=self.occurred_at,
            correlation_id=self.correlation_id,
        )


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.PENDING)

    def unsettled(self) -> DeliveryQuerySet:
        """What later news of the same thing waits for: not heard yet, or given up."""
        return self.filter(status__in=Delivery.UNSETTLED)

    def hinted(self) -> DeliveryQuerySet:
        """Those whose hint no worker has taken up yet."""
        return self.open().filter(hinted_at__isnull=False)

    def beside(self, delivery: Delivery) -> DeliveryQuerySet:
        """All that one listener hears of one thing: the line in which `delivery` stands."""
        return self.filter(
            subscriber=delivery.subscriber, tenant_id=delivery.tenant_id, aggregate=delivery.aggregate
        )


class Delivery(models.Model):
    """That one listener hears one event. Marked done in the transaction of the listener's own effects.

    next_at    when it is hinted, next; empty while it waits behind an earlier one of its line
    hinted_at  when the hint went out that no worker has taken up yet
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        DEAD = "dead", "Dead letter"
        DROPPED = "dropped", "Dropped"

    UNSETTLED = (Status.PENDING, Status.DEAD)

    tenant_id = models.BigIntegerField(null=True, editable=False)
    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    subscriber = models.CharField(max_length=120)
    aggregate = models.CharField(max_length=120)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    hinted_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="delivery_once", fields=["event", "subscriber"]),
        ]
        indexes = [
            models.Index(
                name="delivery_line",
                fields=["subscriber", "tenant_id", "aggregate", "event"],
                condition=Q(status__in=["pending", "dead"]),
            ),
            models.Index(
                Coalesce("tenant_id", 0),
                "subscriber",
                "event",
                name="delivery_due",
                condition=Q(status="pending", hinted_at=None, next_at__isnull=False),
            ),
            models.Index(
                name="delivery_hinted",
                fields=["tenant_id", "subscriber"],
                condition=Q(status="pending", hinted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ← {self.event_id}"


class BreakerQuerySet(models.QuerySet["Breaker"]):
    def of(self, subscriber: str, tenant_id: int | None) -> BreakerQuerySet:
        return self.filter(subscriber=subscriber, tenant_id=tenant_id)

    def open(self) -> BreakerQuerySet:
        return self.filter(open_until__gt=now())


class Breaker(models.Model):
    """How a listener has failed of late for one tenant. While it is open, until `open_until`, the deliveries to it
    of that tenant are paused, and nobody else's."""

    tenant_id = models.BigIntegerField(null=True, editable=False)
    subscriber = models.CharField(max_length=120)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    objects = BreakerQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="breaker_once", fields=["subscriber", "tenant_id"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.subscriber
