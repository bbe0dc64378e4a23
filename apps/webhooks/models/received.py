"""Sources of incoming webhooks, and the messages received from them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.clock import now
from apps.kernel.db.retries import Retried, RetriedQuerySet
from apps.kernel.models import Tracked


class Source(Tracked):
    """Another system that posts messages to /api/v1/webhooks/in/<name>/.

    scheme   signature scheme: "standard" or "stripe"
    refused  number of messages with an invalid signature
    """

    name = models.CharField(max_length=40)
    scheme = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    refused = models.PositiveBigIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)

    history = field_history(excluded_fields=["refused", "refused_at"])

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_sources", "Can manage webhook sources and process messages again")]
        constraints = [
            models.UniqueConstraint(name="webhooks_source_once", fields=["name"]),
            models.CheckConstraint(
                name="webhooks_source_name_is_a_slug", condition=Q(name__regex=r"^[a-z][a-z0-9-]*$")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def count_refused(self) -> None:
        Source.objects.filter(pk=self.pk).update(refused=F("refused") + 1, refused_at=now())


class ReceivedQuerySet(RetriedQuerySet["Received"]):
    def open(self) -> ReceivedQuerySet:
        return self.filter(state__in=(Received.State.RECEIVED, Received.State.FAILED))

    def settled(self) -> ReceivedQuerySet:
        """Messages without further attempts."""
        return self.exclude(state__in=(Received.State.RECEIVED, Received.State.FAILED))


class Received(Retried):
    """A message of a source with a valid signature, stored before it is processed.

    ref      the provider's id: a repeated message is stored once
    body     the signed raw bytes
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        PROCESSED = "processed", _("Processed")
        FAILED = "failed", _("Failed, tried again")
        IGNORED = "ignored", _("Ignored")
        DEAD = "dead", _("Dead")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=200)
    type = models.CharField(max_length=120, blank=True)
    headers = models.JSONField()
    body = models.BinaryField()
    received_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVED)

    objects = ReceivedQuerySet.as_manager()

    class Meta:
        verbose_name = _("received message")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="webhooks_received_once", fields=["source", "ref"]),
            models.CheckConstraint(
                name="webhooks_open_received_has_next_attempt",
                condition=~(Q(state="received") | Q(state="failed")) | Q(next_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="webhooks_received_correlation", fields=["correlation_id"]),
            models.Index(
                name="webhooks_received_due",
                fields=["next_at"],
                condition=Q(state="received") | Q(state="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type or 'message'} {self.ref}"
