"""What was told to whom, and the chats in which something is told."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.history import field_history
from apps.kernel import secrets
from apps.kernel.clock import now
from apps.kernel.models import Tracked


class TargetQuerySet(models.QuerySet["Target"]):
    def active(self) -> TargetQuerySet:
        return self.filter(removed_at=None)

    def hearing(self, kind: str) -> TargetQuerySet:
        return self.active().filter(Q(kinds=[]) | Q(kinds__contains=[kind]))


class Target(Tracked):
    """A chat in which something is told. No `kinds` means all of them.

    sealed        its address, which lets whoever has it write there; gone when the target is removed
    shown         as much of the address as may be seen
    tried_at      when it was last told something, and `last_outcome` what came of it
    """

    hidden = ("sealed",)

    name = models.CharField(max_length=80)
    shown = models.CharField(max_length=200)
    sealed = models.TextField(blank=True)
    kinds = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=500, blank=True)

    history = field_history(excluded_fields=["sealed", "tried_at", "last_outcome"])
    objects = TargetQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_targets", "Can manage the chats in which notices are told")]
        constraints = [
            models.UniqueConstraint(
                name="notices_target_once", fields=["name"], condition=Q(removed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.removed_at is None

    @property
    def context(self) -> str:
        """What the address is sealed for."""
        return f"{self._meta.label_lower}:{self.pk}"

    def seal(self, address: str) -> None:
        self.sealed = secrets.encrypt(address, self.context)

    def opened(self) -> str:
        return secrets.decrypt(self.sealed, self.context)

    def remove(self) -> None:
        self.removed_at, self.sealed = now(), ""
        self.save(update_fields=["removed_at", "sealed"])


class Notice(models.Model):
    """Something that people are told. It is written once, and goes out in copies.

    to   who was named: addresses and audiences
    key  what it was told under, where it is to be told once
    """

    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    to = ArrayField(models.CharField(max_length=254), default=list, blank=True)
    key = models.CharField(max_length=200, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        permissions = [("tell_people", "Can tell people something and send copies again")]
        constraints = [
            models.UniqueConstraint(name="notices_told_once", fields=["key"], condition=~Q(key="")),
        ]
        indexes = [models.Index(name="notices_notice_correlation", fields=["correlation_id"])]

    def __str__(self) -> str:
        return f"{self.subject} ({self.kind})"


class CopyQuerySet(models.QuerySet["Copy"]):
    def due(self) -> CopyQuerySet:
        """To be sent now, and in nobody's hands."""
        free = Q(leased_until=None) | Q(leased_until__lte=now())
        return self.filter(free, state=Copy.State.WAITING, next_at__lte=now())


class Copy(models.Model):
    """One notice on its way to one address or target.

    ref           names it for its receiver: the Message-ID of a letter, the same at each attempt
    attempts      how often it was sent since it was made, or asked for again
    next_at       when it is sent next
    leased_until  how long it belongs to whoever is sending it
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="copies")
    channel = models.CharField(max_length=20)
    address = models.EmailField(blank=True)
    target = models.ForeignKey(Target, on_delete=models.PROTECT, null=True, related_name="+")
    ref = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True)

    objects = CopyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "copies"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="notices_copy_once", fields=["notice", "address", "target"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="notices_copy_has_one_receiver",
                condition=Q(address="", target__isnull=False) | (~Q(address="") & Q(target=None)),
            ),
        ]
        indexes = [
            models.Index(name="notices_copy_due", fields=["next_at"], condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"“{self.notice.subject}” to {self.receiver}"

    @property
    def receiver(self) -> str:
        return self.address or str(self.target)

    @property
    def is_under_way(self) -> bool:
        return self.leased_until is not None and self.leased_until > now()
