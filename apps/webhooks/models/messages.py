"""Messages to endpoints, and the attempts to send them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.clock import now
from apps.kernel.db.retries import Leased, LeasedQuerySet
from apps.kernel.machine_text import MachineText

from .endpoints import Endpoint


class MessageQuerySet(LeasedQuerySet["Message"]):
    def pending(self) -> MessageQuerySet:
        return self.filter(state=Message.State.PENDING)

    def settled(self) -> MessageQuerySet:
        """Messages without further attempts."""
        return self.exclude(state=Message.State.PENDING)


class Message(Leased):
    """One event for one endpoint. `body` is written once, so that each attempt sends the same bytes.

    ref           the webhook-id, by which the receiver recognises a repetition
    event_id      the id of the event; empty for a test
    lease_holder  id of the current attempt
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Dead")

    PROGRESS = ("state", "attempts", "next_at", "last_error", "finished_at", "leased_until", "lease_holder")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="messages")
    event_id = models.BigIntegerField(null=True)
    ref = models.CharField(max_length=64, unique=True)
    type = models.CharField(max_length=80)
    body = models.TextField()
    correlation_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    lease_holder = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="webhooks_message_once", fields=["endpoint", "event_id"]),
            models.CheckConstraint(
                name="webhooks_pending_message_has_next_attempt",
                condition=~Q(state="pending") | Q(next_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="webhooks_message_correlation", fields=["correlation_id"]),
            models.Index(name="webhooks_message_due", fields=["next_at"], condition=Q(state="pending")),
            models.Index(
                name="webhooks_message_in_progress",
                fields=["endpoint", "leased_until"],
                condition=Q(leased_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.ref}"

    def end_lease(self) -> None:
        self.leased_until = self.lease_holder = None

    def finish(self, state: Message.State, error: str = "") -> None:
        self.state, self.last_error, self.finished_at = state, error, now()
        self.end_lease()
        self.save(update_fields=self.PROGRESS)


class Attempt(models.Model):
    """One request with a message. The row is inserted before the request, so one without an outcome is from a worker
    that was killed.

    status  the HTTP status of a response
    response_body  the first 2 KB of a response
    error   the reason of a missing response
    took    milliseconds
    """

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    took = models.PositiveIntegerField(null=True)
    response_body = MachineText(blank=True)
    error = MachineText(blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.error or str(self.status or gettext("no outcome was recorded"))

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
