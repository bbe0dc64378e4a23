"""Tenants and the names they are found by. Both live in the public schema alone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django_tenants.models import DomainMixin, TenantMixin

from apps.kernel.models import Tracked
from apps.kernel.tenant import TenantInfo


class Tenant(Tracked, TenantMixin):  # type: ignore[misc,django-manager-missing]
    """A customer with a schema of its own.

    `slug` is what people write (`/t/acme/`); `schema_name` is what the database knows, made from the immutable
    id, so that a tenant can be renamed. `epoch` ends what was said of it before.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Being set up"
        ACTIVE = "active", "Active"

    MOVES = frozenset({(State.PENDING, State.ACTIVE)})

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    owner_email = models.EmailField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        default_permissions = ("view",)
        permissions = [("onboard_tenant", "Can onboard a tenant")]
        constraints = [
            models.CheckConstraint(
                name="tenant_slug_is_a_dns_label", condition=Q(slug__regex=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def move_to(self, state: Tenant.State) -> None:
        """Raises ValueError for a move that MOVES does not have."""
        if (self.state, state) not in self.MOVES:
            raise ValueError(f"A tenant does not go from {self.state} to {state}.")
        self.state = state
        self.save(update_fields=["state"])

    @property
    def info(self) -> TenantInfo:
        return TenantInfo(self.pk, self.slug, self.name, self.schema_name, self.state, self.epoch)


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name under which a tenant's console and API answer."""

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.domain)


class TenantActivity(models.Model):
    """How much a tenant uses Bursar, for the operator: counts only, nothing of its business."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="activity")
    entries_posted = models.PositiveBigIntegerField(default=0)
    periods_closed = models.PositiveBigIntegerField(default=0)
    last_active_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "tenant activity"

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.entries_posted} entries"


class RoundQuerySet(models.QuerySet["Round"]):
    def open(self) -> RoundQuerySet:
        return self.filter(ended_at=None)

    def ended(self) -> RoundQuerySet:
        return self.exclude(ended_at=None)


class Round(models.Model):
    """The latest round of a periodic task: which slot it is for, and the last tenant that it has reached."""

    NOBODY = -1

    task = models.CharField(max_length=80, primary_key=True)
    slot_at = models.DateTimeField()
    reached = models.BigIntegerField(default=NOBODY)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.task} of {self.slot_at:%Y-%m-%d %H:%M:%S}"
