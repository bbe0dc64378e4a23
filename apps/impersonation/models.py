"""Support access: the platform's row and the tenant's row."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.actors import Support
from apps.kernel.clock import now

TICKET_PURPOSE = "impersonation.ticket"
MAX_SESSION_DURATION = dt.timedelta(minutes=30)
"""From the moment of entering; it is never extended."""


class EndReason(models.TextChoices):
    """The reason for the end of a support session."""

    LEFT = "left", _("The operator left")
    ENDED = "ended", _("An operator ended it")
    EXPIRED = "expired", _("The time limit was reached")
    TICKET_UNUSED = "ticket_unused", _("The ticket was not used")
    REFUSED = "refused", _("The tenant refused it")
    OPERATOR_GONE = "operator_gone", _("The operator lost the permission")
    TENANT_CHANGED = "tenant_changed", _("The tenant was suspended or moved")
    USER_CHANGED = "user_changed", _("The permissions of the user changed")
    ACCESS_DISABLED = "access_disabled", _("The tenant disabled support access")


class ImpersonationQuerySet(models.QuerySet["Impersonation"]):
    def open(self) -> ImpersonationQuerySet:
        """Those that grant access, now or with their unused ticket."""
        return self.filter(ended_at=None)

    def unsettled(self) -> ImpersonationQuerySet:
        """Those whose end is not recorded in the tenant yet."""
        return self.filter(settled_at=None)

    def with_valid_ticket(self, ticket: str, tenant_id: int) -> ImpersonationQuerySet:
        """The one whose ticket (by its hash) is valid for the tenant now."""
        return self.open().filter(ticket=ticket, tenant_id=tenant_id, ticket_expires_at__gt=now())

    def redeem(self, ticket: str, tenant_id: int) -> Impersonation | None:
        """Redeem the ticket in one UPDATE, so that of several concurrent requests exactly one succeeds."""
        impersonation = self.with_valid_ticket(ticket, tenant_id).first()
        instant = now()
        redeemed = impersonation and self.with_valid_ticket(ticket, tenant_id).update(
            ticket="", entered_at=instant, ends_at=instant + MAX_SESSION_DURATION
        )
        return self.get(pk=impersonation.pk) if impersonation and redeemed else None


class Impersonation(models.Model):
    """An operator's ticket for a tenant, and the support session opened with it. The platform's row is authoritative.

    ticket      its SHA-256 until it is used; the ticket itself is not stored
    epoch       the tenant's epoch when the ticket was issued
    settled_at  when the end was recorded in the tenant
    """

    new_ticket: str = ""
    """Only in the result of the command that issued it."""

    operator_id = models.BigIntegerField()
    operator_name = models.CharField(max_length=150)
    tenant_id = models.BigIntegerField()
    tenant_name = models.CharField("tenant", max_length=120)
    epoch = models.PositiveIntegerField()
    user_id = models.BigIntegerField()
    user_name = models.CharField("as", max_length=254)
    reason = models.TextField()
    ticket = models.CharField(max_length=64)
    requested_at = models.DateTimeField()
    ticket_expires_at = models.DateTimeField()
    entered_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField("end reason", max_length=16, choices=EndReason.choices, blank=True)
    actions = models.PositiveIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects = ImpersonationQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("impersonate_managers", "Can impersonate users who manage a tenant's users")]
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
        return gettext("{user_name} at {tenant_name}").format(
            user_name=self.user_name, tenant_name=self.tenant_name
        )

    @property
    def ending(self) -> str:
        return self.get_end_reason_display()

    def end(self, end_reason: EndReason) -> None:
        """Revoke the access. The first end reason is final."""
        ended = Impersonation.objects.open().filter(pk=self.pk)
        ended.update(ended_at=now(), end_reason=end_reason, ticket="")
        self.refresh_from_db()

    def settle(self, actions: int) -> None:
        self.actions, self.settled_at = actions, now()
        self.save(update_fields=["actions", "settled_at"])

    def overdue_reason(self) -> EndReason | None:
        """The reason by time alone."""
        if self.entered_at is None or self.ends_at is None:
            return EndReason.TICKET_UNUSED if self.ticket_expires_at <= now() else None
        return EndReason.EXPIRED if self.ends_at <= now() else None


class SupportSession(models.Model):
    """An operator's access to the tenant, documented in the tenant's schema for its users.

    number  the id of the platform's impersonation
    """

    number = models.BigIntegerField()
    operator = models.CharField(max_length=150)
    user_id = models.BigIntegerField()
    user_name = models.CharField("as", max_length=254)
    reason = models.TextField()
    entered_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField("end reason", max_length=16, choices=EndReason.choices, blank=True)
    actions = models.PositiveIntegerField(null=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("support session")
        constraints = [
            models.CheckConstraint(
                name="identity_supportsession_ends_counted",
                condition=Q(ended_at=None, actions=None) | Q(ended_at__isnull=False, actions__isnull=False),
            ),
        ]
        indexes = [models.Index(name="identity_support_by_number", fields=["number"])]

    def __str__(self) -> str:
        return gettext("{operator} as {user_name}").format(operator=self.operator, user_name=self.user_name)

    @property
    def ending(self) -> str:
        return self.get_end_reason_display()

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None or self.ends_at <= now()

    @property
    def support(self) -> Support:
        """The operator as named in the audit log."""
        return Support(self.operator, self.number)

    def close(self, end_reason: EndReason, actions: int) -> None:
        self.ended_at, self.end_reason, self.actions = now(), end_reason, actions
        self.save(update_fields=["ended_at", "end_reason", "actions"])
