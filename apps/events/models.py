"""What is remembered of events: the outbox and one delivery for each listener.

Both tables stand in the public schema of each database, so that one relay drains all tenants and still
commits with their changes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """An event that happened. `tenant_id` is empty for the platform's own; nobody hears it before `due_at`."""

    tenant_id = models.BigIntegerField(null=True, editable=False)
    name = models.CharField(max_length=80)
    aggregate = models.CharField(max_length=120)
    payload = models.JSONField()
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    routed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "event"
        default_permissions = ("view",)
        indexes = [
            models.Index(name="outbox_unrouted", fields=["id"], condition=Q(routed_at=None)),
            models.Index(name="outbox_of_tenant", fields=["tenant_id", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.aggregate}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.PENDING)


class Delivery(models.Model):
    """That one listener hears one event. Marked done in the transaction of the listener's own effects."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        DEAD = "dead", "Dead letter"

    tenant_id = models.BigIntegerField(null=True, editable=False)
    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="+")
    subscriber = models.CharField(max_length=120)
    aggregate = models.CharField(max_length=120)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
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
                name="delivery_open",
                fields=["subscriber", "tenant_id", "aggregate", "event"],
                condition=~Q(status="done"),
            ),
            models.Index(name="delivery_due", fields=["next_at"], condition=Q(status="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ← {self.event_id}"
