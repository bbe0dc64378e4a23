"""Tables of webhooks: endpoints and messages, sources and received messages."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel import secrets
from apps.kernel.clock import now
from apps.kernel.db.retries import Leased, LeasedQuerySet, Retried, RetriedQuerySet
from apps.kernel.models import Tracked


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def active(self) -> EndpointQuerySet:
        return self.filter(state=Endpoint.State.ACTIVE)

    def subscribed_to(self, event: str) -> EndpointQuerySet:
        return self.active().filter(Q(events=[]) | Q(events__contains=[event]))


class Endpoint(Tracked):
    """Another system that receives events: all, if `events` is empty.

    enabled_at  start of the current active period
    tried_at    time of the last attempt, with its `last_outcome`
    taken_at    time of the last successful attempt
    new_secret  the secret after its creation, shown once and not stored in the clear
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DISABLED = "disabled", _("Disabled")

    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    disabled_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    enabled_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=500, blank=True)

    history = field_history(excluded_fields=["taken_at", "tried_at", "last_outcome"])
    objects = EndpointQuerySet.as_manager()
    new_secret = ""

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_endpoints", "Can manage webhook endpoints and send messages again")]
        constraints = [
            models.CheckConstraint(
                name="webhooks_disabled_has_reason",
                condition=Q(state="active", disabled_reason="")
                | (Q(state="disabled") & ~Q(disabled_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def silent_since(self) -> dt.datetime:
        """The last success, or the enabling."""
        return max(self.enabled_at, self.taken_at or self.enabled_at)

    def disable(self, reason: str) -> None:
        self.state, self.disabled_reason = self.State.DISABLED, reason
        self.save(update_fields=["state", "disabled_reason"])

    def enable(self) -> None:
        self.state, self.disabled_reason, self.enabled_at = self.State.ACTIVE, "", now()
        self.save(update_fields=["state", "disabled_reason", "enabled_at"])


class SealedSecretQuerySet(models.QuerySet["SealedSecret"]):
    def valid(self) -> SealedSecretQuerySet:
        return self.filter(Q(retired_at=None) | Q(retired_at__gt=now())).order_by("-id")

    def permanent(self) -> SealedSecretQuerySet:
        return self.filter(retired_at=None)


class SealedSecret(Tracked):
    """An encrypted secret. Valid until `retired_at`, or permanently without."""

    hidden = ("sealed",)

    sealed = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    objects = SealedSecretQuerySet.as_manager()
    kind = ""

    class Meta:
        abstract = True
        default_permissions = ("view",)

    def __str__(self) -> str:
        return gettext("{kind} {pk} of {owner}").format(kind=self.kind, pk=self.pk, owner=self.owner)

    @property
    def owner(self) -> Endpoint | Source:
        raise NotImplementedError

    @property
    def context(self) -> str:
        """The encryption context: the owning row."""
        return f"{self.owner._meta.label_lower}:{self.owner.pk}"

    @property
    def is_valid(self) -> bool:
        return self.retired_at is None or self.retired_at > now()

    def seal(self, secret: str) -> None:
        self.sealed = secrets.encrypt(secret, self.context)

    def opened(self) -> str:
        return secrets.decrypt(self.sealed, self.context)

    def retire(self, at: dt.datetime) -> None:
        """Never later than an earlier retirement."""
        self.retired_at = min(at, self.retired_at or at)
        self.save(update_fields=["retired_at"])


class Secret(SealedSecret):
    """A secret for signing messages. During a rotation each valid secret signs."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="secrets")
    kind = "secret"

    class Meta(SealedSecret.Meta):
        pass

    @property
    def owner(self) -> Endpoint:
        return self.endpoint


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
    response_body = models.TextField(blank=True)
    error = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.error or str(self.status or gettext("no outcome was recorded"))

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


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


class SourceSecret(SealedSecret):
    """A secret of a source. During a rotation several are valid."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="secrets")
    kind = "source secret"

    class Meta(SealedSecret.Meta):
        pass

    @property
    def owner(self) -> Source:
        return self.source


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
                condition=~Q(state__in=["received", "failed"]) | Q(next_at__isnull=False),
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
