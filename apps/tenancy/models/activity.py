"""Activity of tenants, and daily figures."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .tenants import Tenant


class TenantActivity(models.Model):
    """Usage and health of a tenant, for the operator: counts only, no business data.

    commands, failures  of the last 24 hours; a failure is an internal error, not a refusal
    bytes               of its schema in the database
    counted_at          when it was counted; figures updated by events may be newer
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="activity")
    entries_posted = models.PositiveBigIntegerField(default=0)
    periods_closed = models.PositiveBigIntegerField(default=0)
    last_active_at = models.DateTimeField(null=True)
    users = models.PositiveIntegerField(default=0)
    commands = models.PositiveIntegerField(default=0)
    refusals = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    dead_letters = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = _("tenant activity")

    def __str__(self) -> str:
        return gettext("{tenant_id}: {entries_posted} entries").format(
            tenant_id=self.tenant_id, entries_posted=self.entries_posted
        )


class TenantDay(models.Model):
    """A tenant's counts at the end of a day, or at present; the source of trends."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    entries_posted = models.PositiveBigIntegerField()
    commands = models.PositiveIntegerField()
    failures = models.PositiveIntegerField()
    users = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="tenant_day_once", fields=["tenant", "day"])]
        indexes = [models.Index(name="tenant_day_of_all", fields=["day"])]

    def __str__(self) -> str:
        return gettext("{tenant_id} on {day}").format(tenant_id=self.tenant_id, day=self.day)
