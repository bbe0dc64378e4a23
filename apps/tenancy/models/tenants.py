"""Tenants and their host names."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django_tenants.models import DomainMixin, TenantMixin

from apps.kernel.clock import now
from apps.kernel.models import Tracked
from apps.kernel.tenant import HOME, TenantInfo
from apps.kernel.text import several_lines
from apps.tenancy import states
from apps.tenancy.tenant_names import RESERVED, RESERVED_FORM, skeleton_in_database


class Tenant(Tracked, TenantMixin):
    """A customer with a schema of its own.

    slug         the short name (`/t/acme/`)
    schema_name  made from the immutable id, so that a tenant can be renamed
    role_name    the only role that may use the schema
    database     the key of the database with the schema; a `pinned` tenant cannot be moved
    fingerprint  of the schema's migrations
    delete_after the end of the grace period of a tenant that is queued for deletion
    epoch        sessions and tokens of an earlier epoch are invalid
    """

    State = states.State
    Mode = states.Mode

    TRANSITIONS = frozenset(
        {
            (State.PENDING, State.TRIAL),
            (State.PENDING, State.ACTIVE),
            (State.TRIAL, State.ACTIVE),
            (State.TRIAL, State.SUSPENDED),
            (State.TRIAL, State.ARCHIVED),
            (State.ACTIVE, State.SUSPENDED),
            (State.ACTIVE, State.ARCHIVED),
            (State.SUSPENDED, State.ACTIVE),
            (State.SUSPENDED, State.ARCHIVED),
            (State.SUSPENDED, State.DELETING),
            (State.ARCHIVED, State.ACTIVE),
            (State.ARCHIVED, State.DELETING),
            (State.DELETING, State.ARCHIVED),
        }
    )
    RESTORE_TRANSITIONS = frozenset({(State.PENDING, State.SUSPENDED), (State.PENDING, State.ARCHIVED)})
    """Transitions of a restore only, to the state at the time of the backup. The database allows them as well."""
    OPEN = frozenset({State.TRIAL, State.ACTIVE})
    """States in which users have access."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    owner_email = models.EmailField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    state_since = models.DateTimeField(null=True)
    state_reason = models.CharField(max_length=500, blank=True)
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.NORMAL)
    trial_ends_on = models.DateField(null=True)
    delete_after = models.DateField(null=True)
    role_name = models.CharField(max_length=63, blank=True)
    database = models.CharField(max_length=40, default=HOME)
    region = models.CharField(max_length=40, blank=True)
    pinned = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=64, blank=True)
    sandbox_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("onboard_tenant", "Can onboard a tenant"),
            ("suspend_tenant", "Can suspend a tenant"),
            ("activate_tenant", "Can activate a tenant"),
            ("archive_tenant", "Can archive a tenant"),
            ("erase_tenant", "Can erase a tenant"),
            ("move_tenant", "Can move a tenant to another database"),
            ("back_up_tenant", "Can back up a tenant"),
            ("restore_tenant", "Can restore or clone a tenant"),
            ("set_backup_policy", "Can set the backup policy of a tenant"),
            ("manage_databases", "Can manage databases and placement"),
            ("impersonate", "Can enter a tenant as one of its users"),
        ]
        constraints = [
            models.CheckConstraint(
                name="tenant_slug_is_a_dns_label", condition=Q(slug__regex=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")
            ),
            models.CheckConstraint(
                name="tenant_slug_is_not_reserved",
                condition=~Q(slug__in=RESERVED) & ~Q(slug__regex=RESERVED_FORM),
            ),
            models.UniqueConstraint(skeleton_in_database("slug"), name="tenant_slug_is_unlike_others"),
            models.CheckConstraint(
                name="tenant_state_is_known",
                condition=Q(
                    state__in=["pending", "trial", "active", "suspended", "archived", "deleting"],
                    mode__in=["normal", "read_only", "maintenance"],
                ),
            ),
            models.CheckConstraint(
                name="tenant_in_the_queue_has_its_day",
                condition=~Q(state="deleting") | Q(delete_after__isnull=False),
            ),
            models.CheckConstraint(
                name="tenant_on_trial_has_its_end",
                condition=~Q(state="trial") | Q(trial_ends_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether users have access in this state."""
        return self.state in self.OPEN

    def may_become(self, state: states.State) -> bool:
        return (self.state, state) in self.TRANSITIONS

    def become(self, state: states.State, reason: str) -> None:
        """Raises ValueError for a transition that is not in TRANSITIONS. Closing a tenant starts a new epoch, so its
        sessions and tokens end at once."""
        if not self.may_become(state):
            raise ValueError(f"There is no transition from {self.state} to {state}.")
        self.epoch += self.state in self.OPEN and state not in self.OPEN
        self.state, self.state_since, self.state_reason = state, now(), several_lines(reason[:500])
        self.save(
            update_fields=["state", "state_since", "state_reason", "epoch", "trial_ends_on", "delete_after"]
        )

    def set_mode(self, mode: states.Mode) -> None:
        """Maintenance starts a new epoch, so sessions and tokens end; the other modes allow reading."""
        self.epoch += mode == self.Mode.MAINTENANCE and mode != self.mode
        self.mode = mode
        self.save(update_fields=["mode", "epoch"])

    @property
    def info(self) -> TenantInfo:
        return TenantInfo(
            id=self.pk,
            slug=self.slug,
            name=self.name,
            schema=self.schema_name,
            state=self.state,
            epoch=self.epoch,
            mode=self.mode,
            role=self.role_name,
            database=self.database,
            region=self.region,
            sandbox=self.sandbox_of_id is not None,
        )


class FormerSlug(models.Model):
    """A short name that a tenant had before it was renamed. A trigger writes it, and no other tenant can ever have it,
    even after the erasure of the tenant (migration 0003)."""

    slug = models.SlugField(max_length=40, primary_key=True)
    tenant_id = models.BigIntegerField(db_index=True)
    renamed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.slug


class Domain(DomainMixin):
    """A host name of a tenant's console and API."""

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.domain)
