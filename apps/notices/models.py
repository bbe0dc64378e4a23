"""Notices, their deliveries, and the notification channels."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel import secrets
from apps.kernel.clock import now
from apps.kernel.db.retries import Leased, LeasedQuerySet
from apps.kernel.models import Tracked
from apps.kernel.sealed_fields import SealedField


class NotificationChannelQuerySet(models.QuerySet["NotificationChannel"]):
    def active(self) -> NotificationChannelQuerySet:
        return self.filter(removed_at=None)

    def subscribed_to(self, kind: str) -> NotificationChannelQuerySet:
        return self.active().filter(Q(kinds=[]) | Q(kinds__contains=[kind]))


class NotificationChannel(Tracked):
    """A chat that receives notices. No `kinds` means all of them.

    sealed          the encrypted address, a secret that permits posting; deleted with the channel
    masked_address  the public part of the address
    tried_at        the time of the last attempt, and `last_outcome` its result
    """

    hidden = ("sealed",)

    name = models.CharField(max_length=80)
    masked_address = models.CharField(max_length=200)
    sealed = SealedField(blank=True)
    kinds = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=500, blank=True)

    history = field_history(excluded_fields=["sealed", "tried_at", "last_outcome"])
    objects = NotificationChannelQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_notification_channels", "Can manage notification channels")]
        constraints = [
            models.UniqueConstraint(
                name="notices_channel_name_once", fields=["name"], condition=Q(removed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.removed_at is None

    @property
    def context(self) -> str:
        """Binds the encrypted address to this row."""
        return f"{self._meta.label_lower}:{self.pk}"

    def seal(self, address: str) -> None:
        self.sealed = secrets.encrypt(address, self.context)

    def opened(self) -> str:
        return secrets.decrypt(self.sealed, self.context)

    def remove(self) -> None:
        self.removed_at, self.sealed = now(), ""
        self.save(update_fields=["removed_at", "sealed"])


class Notice(models.Model):
    """A message to users, written once.

    to            the named recipients: addresses and audiences
    key           identifies a notice that must be sent only once
    topic         identifies what it is about: an issue tracker has one issue for all notices with the same topic
    closes_topic  whether it is the last one, which closes that issue
    """

    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    to = ArrayField(models.CharField(max_length=254), default=list, blank=True)
    key = models.CharField(max_length=200, blank=True)
    topic = models.CharField(max_length=120, blank=True, db_default="", default="")
    closes_topic = models.BooleanField(db_default=False, default=False)
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        permissions = [("send_announcement", "Can send announcements and resend notices")]
        constraints = [
            models.UniqueConstraint(name="notices_key_once", fields=["key"], condition=~Q(key="")),
        ]
        indexes = [models.Index(name="notices_notice_correlation", fields=["correlation_id"])]

    def __str__(self) -> str:
        return f"{self.subject} ({self.kind})"


class NoticeDeliveryQuerySet(LeasedQuerySet["NoticeDelivery"]):
    def waiting(self) -> NoticeDeliveryQuerySet:
        return self.filter(state=NoticeDelivery.State.WAITING)


class NoticeDelivery(Leased):
    """A notice for one e-mail address or one notification channel.

    ref  the Message-ID of the e-mail, the same at each attempt
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    PROGRESS = ("state", "attempts", "next_at", "last_error", "finished_at", "leased_until")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    transport = models.CharField(max_length=20)
    address = models.EmailField(blank=True)
    channel = models.ForeignKey(NotificationChannel, on_delete=models.PROTECT, null=True, related_name="+")
    ref = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)

    objects = NoticeDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("notice deliveries")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="notices_delivery_once", fields=["notice", "address", "channel"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="notices_delivery_has_one_recipient",
                condition=Q(address="", channel__isnull=False) | (~Q(address="") & Q(channel=None)),
            ),
            models.CheckConstraint(
                name="notices_waiting_delivery_has_next_attempt",
                condition=~Q(state="waiting") | Q(next_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="notices_delivery_due", fields=["next_at"], condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return gettext("“{subject}” to {recipient}").format(
            subject=self.notice.subject, recipient=self.recipient
        )

    @property
    def recipient(self) -> str:
        return self.address or str(self.channel)

    def requeue(self) -> None:
        self.state = self.State.WAITING
        self.restart()
        self.save(update_fields=self.PROGRESS)

    def finish(self, state: NoticeDelivery.State, error: str = "") -> None:
        self.state, self.last_error = state, error[:500]
        self.finished_at, self.leased_until = now(), None
        self.save(update_fields=self.PROGRESS)
