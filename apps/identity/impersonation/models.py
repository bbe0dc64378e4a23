"""What the platform knows of a visit, and what the tenant keeps of it."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from apps.kernel.actors import Support
from apps.kernel.clock import now

MAX_SESSION_DURATION = dt.timedelta(minutes=30)
"""Of a visit, from the moment of entering. Nothing makes it longer."""


class EndReason(models.TextChoices):
    """How a visit comes to its end."""

    LEFT = "left", "The operator left"
    ENDED = "ended", "An operator ended it"
    EXPIRED = "expired", "Its time was over"
    NEVER = "never", "The ticket was not used"
    REFUSED = "refused", "It was refused at the door"
    OPERATOR_GONE = "operator_gone", "The operator may not enter any more"
    TENANT_CHANGED = "tenant_changed", "The tenant was suspended or moved"
    USER_CHANGED = "user_changed", "What the user may do has changed"
    NOT_WANTED = "not_wanted", "The tenant wants no support"


class ImpersonationQuerySet(models.QuerySet["Impersonation"]):
    def open(self) -> ImpersonationQuerySet:
        """Those that give access, or would once their ticket is used."""
        return self.filter(ended_at=None)

    def unsettled(self) -> ImpersonationQuerySet:
        """Those whose end the tenant has not written down."""
        return self.filter(settled_at=None)

    def with_valid_ticket(self, ticket: str, tenant_id: int) -> ImpersonationQuerySet:
        """The one that the ticket (its hash) opens at that tenant now."""
        return self.open().filter(ticket=ticket, tenant_id=tenant_id, ticket_until__gt=now())

    def redeem(self, ticket: str, tenant_id: int) -> Impersonation | None:
        """In one statement: whoever comes second finds nothing, however close behind he is."""
        impersonation = self.with_valid_ticket(ticket, tenant_id).first()
        instant = now()
        redeemed = impersonation and self.with_valid_ticket(ticket, tenant_id).update(
            ticket="", entered_at=instant, ends_at=instant + MAX_SESSION_DURATION
        )
        return self.get(pk=impersonation.pk) if impersonation and redeemed else None


class Impersonation(models.Model):
    """An operator's ticket to a tenant and the visit that it became. It lies with the platform and is the truth.

    ticket      its SHA-256 until it is used; what opens the door is kept nowhere
    epoch       the tenant's, when the ticket was given
    settled_at  when the tenant had the end in its own rows
    """

    new_ticket: str = ""
    """For whoever asked, and for nobody later."""

    operator_id = models.BigIntegerField()
    operator_name = models.CharField(max_length=150)
    tenant_id = models.BigIntegerField()
    tenant_name = models.CharField("tenant", max_length=120)
    epoch = models.PositiveIntegerField()
    user_id = models.BigIntegerField()
    user_name = models.CharField("as", max_length=254)
    reason = models.TextField()
    ticket = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    ticket_until = models.DateTimeField()
    entered_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField("how it ended", max_length=16, choices=EndReason.choices, blank=True)
    actions = models.PositiveIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = ImpersonationQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("impersonate_managers", "Can enter as somebody who manages a tenant's users")]
        constraints = [
            models.UniqueConstraint(
                name="identity_one_impersonation", fields=["operator_id"], condition=Q(ended_at=None)
            ),
            models.UniqueConstraint(name="identity_ticket_once", fields=["ticket"], condition=~Q(ticket="")),
            models.CheckConstraint(
                name="identity_impersonation_is_short",
                condition=Q(entered_at=None)
                | Q(ticket="", ends_at__lte=F("entered_at") + MAX_SESSION_DURATION),
            ),
        ]
        indexes = [
            models.Index(name="identity_unsettled", fields=["id"], condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.user_name} at {self.tenant_name}"

    @property
    def ending(self) -> str:
        return self.get_end_reason_display()

    def end(self, end_reason: EndReason) -> None:
        """From now on it gives no access. The first ending stays."""
        ended = Impersonation.objects.open().filter(pk=self.pk)
        ended.update(ended_at=now(), end_reason=end_reason, ticket="")
        self.refresh_from_db()

    def settle(self, actions: int) -> None:
        self.actions, self.settled_at = actions, now()
        self.save(update_fields=["actions", "settled_at"])

    def due_end_reason(self) -> EndReason | None:
        """By the clock alone."""
        if self.entered_at is None or self.ends_at is None:
            return EndReason.NEVER if self.ticket_until <= now() else None
        return EndReason.EXPIRED if self.ends_at <= now() else None


class SupportSession(models.Model):
    """Support was here: who, as whom, why, from when to when. In the tenant's schema, where its people read it.

    number  of the platform's impersonation
    """

    number = models.BigIntegerField()
    operator = models.CharField(max_length=150)
    user_id = models.BigIntegerField()
    user_name = models.CharField("as", max_length=254)
    reason = models.TextField()
    entered_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField("how it ended", max_length=16, choices=EndReason.choices, blank=True)
    actions = models.PositiveIntegerField(null=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "support session"
        constraints = [
            models.CheckConstraint(
                name="identity_supportsession_ends_counted",
                condition=Q(ended_at=None, actions=None) | Q(ended_at__isnull=False, actions__isnull=False),
            ),
        ]
        indexes = [models.Index(name="identity_support_by_number", fields=["number"])]

    def __str__(self) -> str:
        return f"{self.operator} as {self.user_name}"

    @property
    def ending(self) -> str:
        return self.get_end_reason_display()

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None or self.ends_at <= now()

    @property
    def support(self) -> Support:
        """As whom the audit log knows the operator."""
        return Support(self.operator, self.number)

    def close(self, end_reason: EndReason, actions: int) -> None:
        self.ended_at, self.end_reason, self.actions = now(), end_reason, actions
        self.save(update_fields=["ended_at", "end_reason", "actions"])
