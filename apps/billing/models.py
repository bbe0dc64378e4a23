"""Plans and subscriptions, in the schema public of the control database; they refer to tenants by id."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from apps.audit.history import field_history
from apps.kernel.models import Tracked

DEFAULT_PLAN_CODE = "all"
"""The code of the plan of tenants without a subscription: all modules, no limits."""


class Plan(Tracked):
    """A plan that tenants subscribe to.

    level    the rank of the plan; a claim of tokens
    modules  the names of its licensed modules and features; "*" means all, including future ones
    limits   the maximum by name of the limit; -1 or a missing name means unlimited
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
            ("change_plan_of_tenant", "Can change the plan of a tenant"),
            ("view_own_plan", "Can view the tenant's own plan"),
        ]

    def __str__(self) -> str:
        return self.name


class Subscription(Tracked):
    """The plan of a tenant."""

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
        return gettext("tenant {tenant_id} on {plan}").format(tenant_id=self.tenant_id, plan=self.plan)
