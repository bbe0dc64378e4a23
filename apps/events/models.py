"""Tables of events: the outbox, one delivery per event and subscriber, and circuit breakers.

They are in the public schema of each database, so that one relay serves all tenants and an event still commits with its
change.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.kernel.clock import now
from apps.kernel.db.retries import Retried, RetriedQuerySet
from apps.kernel.machine_text import MachineText

from .base import EventEnvelope


class OutboxEvent(models.Model):
    """A published event.

    tenant_id  empty for events of the platform
    queue      of its deliveries, where the publisher chooses one
    due_at     no delivery before it
    """

    tenant_id = models.BigIntegerField(null=True, editable=False)
    name = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField(default=1, db_default=1)
    aggregate = models.CharField(max_length=120)
    payload = models.JSONField()
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True)
    traceparent = models.CharField(max_length=55, blank=True, default="", db_default="")
    queue = models.CharField(max_length=20, blank=True, default="", db_default="")
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    routed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("event")
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


class DeliveryQuerySet(RetriedQuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.PENDING)

    def unsettled(self) -> DeliveryQuerySet:
        """Pending deliveries and dead letters: they block later deliveries with the same ordering key."""
        return self.filter(status__in=Delivery.UNSETTLED)

    def hinted(self) -> DeliveryQuerySet:
        """Deliveries with a hint that no worker has claimed."""
        return self.open().filter(hinted_at__isnull=False)

    def with_same_ordering_key(self, delivery: Delivery) -> DeliveryQuerySet:
        """The deliveries of the same subscriber, tenant and aggregate."""
        return self.filter(
            subscriber=delivery.subscriber, tenant_id=delivery.tenant_id, aggregate=delivery.aggregate
        )


class Delivery(Retried):
    """One event for one subscriber. Marked done in the transaction of the listener's effects.

    queue      of its hints: chosen by the publisher of the event, or else that of the subscriber
    next_at    time of the next hint, too; empty behind another delivery with the same ordering key
    hinted_at  time of a hint that no worker has claimed
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        DEAD = "dead", _("Dead letter")
        DROPPED = "dropped", _("Dropped")

    UNSETTLED = (Status.PENDING, Status.DEAD)

    tenant_id = models.BigIntegerField(null=True, editable=False)
    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    subscriber = models.CharField(max_length=120)
    aggregate = models.CharField(max_length=120)
    queue = models.CharField(max_length=20, default="default", db_default="default")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    hinted_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("deliveries")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="delivery_once", fields=["event", "subscriber"]),
        ]
        indexes = [
            models.Index(
                name="delivery_ordering_key",
                fields=["subscriber", "tenant_id", "aggregate", "event"],
                condition=Q(status__in=["pending", "dead"]),
            ),
            models.Index(
                Coalesce("tenant_id", 0),
                "subscriber",
                "queue",
                "event",
                name="delivery_due",
                condition=Q(status="pending", hinted_at=None, next_at__isnull=False),
            ),
            models.Index(
                name="delivery_hinted",
                fields=["tenant_id", "queue"],
                condition=Q(status="pending", hinted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ← {self.event_id}"

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def is_settled(self) -> bool:
        return self.status not in self.UNSETTLED


class BreakerQuerySet(models.QuerySet["Breaker"]):
    def of(self, subscriber: str, queue: str, tenant_id: int | None) -> BreakerQuerySet:
        return self.filter(subscriber=subscriber, queue=queue, tenant_id=tenant_id)

    def open(self) -> BreakerQuerySet:
        return self.filter(open_until__gt=now())


class Breaker(models.Model):
    """The recent failures of a subscriber in one queue, for one tenant. Until `open_until` only these deliveries are
    paused."""

    tenant_id = models.BigIntegerField(null=True, editable=False)
    subscriber = models.CharField(max_length=120)
    queue = models.CharField(max_length=20, default="default", db_default="default")
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    last_error = MachineText(blank=True)

    objects = BreakerQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="breaker_once", fields=["subscriber", "queue", "tenant_id"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.subscriber
