"""Plans and subscriptions. They stand in public of the control database alone; tenants are known by their ids."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.audit.history import field_history
from apps.kernel.models import Tracked

DEFAULT_PLAN_CODE = "all"
"""The code of the plan that a tenant is on of which nothing is booked: every module, no limits."""


class Plan(Tracked):
    """What a tenant can book.

    level    orders plans: a higher one has more; tokens say it
    modules  the names of the sold modules that are in it; "*" is all there are and will be
    limits   by name of the limit, how many; -1 and what is not named are unlimited
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    level = models.PositiveSmallIntegerField()
    modules = models.JSONField(default=list)
    limits = models.JSONField(default=dict)
    is_offered = models.BooleanField(default=True)

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("manage_plans", "Can define and retire plans"),
            ("change_plan_of_tenant", "Can put a tenant on another plan"),
            ("view_own_plan", "Can see what the tenant has booked"),
        ]

    def __str__(self) -> str:
        return self.name


class Subscription(Tracked):
    """That a tenant is on a plan."""

    tenant_id = models.BigIntegerField(unique=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    reason = models.CharField(max_length=500)

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(name="subscription_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"tenant {self.tenant_id} on {self.plan}"
