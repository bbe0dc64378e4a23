"""The commands of billing, on the platform."""

from dataclasses import dataclass

from django.apps import apps
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.bus.approval import approval_kind

PLAN = approval_kind("billing.plan", title=_("Change of a plan"), permission="billing.manage_plans")
SUBSCRIPTION = approval_kind(
    "billing.subscription", title=_("Plan of a tenant"), permission="billing.change_plan_of_tenant"
)


def _subject(model: str, **key: object) -> str:
    """The row with this key, for the guard of its table; empty for a new one."""
    rows = apps.get_model("billing", model)._default_manager.filter(**key)
    row = rows.first()
    return f"{row._meta.db_table}:{row.pk}" if row else ""


@dataclass(frozen=True)
class PlanLimit:
    """The `maximum` of a plan for the limit with the name `limit`; -1 is unlimited."""

    limit: str
    maximum: int


@dataclass(frozen=True, kw_only=True)
class DefinePlan(Command):
    """Define a plan completely: its licensed modules and features, and a maximum for every limit. This replaces the
    definition of an existing plan, with immediate effect on its tenants. In production another person approves this.
    """

    platform = True
    permission = "billing.manage_plans"
    approval = PLAN
    audit_message = gettext_noop("defined the plan {result}")

    code: str
    name: str
    level: int
    modules: tuple[str, ...]
    limits: tuple[PlanLimit, ...]
    reason: str = ""

    def approval_subject(self) -> str:
        """A new plan has no row yet."""
        return _subject("Plan", code=self.code)


@dataclass(frozen=True, kw_only=True)
class RetirePlan(Command):
    """Stop offering a plan. Existing subscriptions remain."""

    platform = True
    permission = "billing.manage_plans"
    schedulable = True
    audit_message = gettext_noop("retired the plan {result}")

    code: str


@dataclass(frozen=True, kw_only=True)
class ChangePlan(Command):
    """Change the plan of a tenant. Its data remains: where usage exceeds a limit of the new plan, the tenant cannot
    add more. In production another person approves this."""

    platform = True
    permission = "billing.change_plan_of_tenant"
    approval = SUBSCRIPTION
    schedulable = True
    audit_message = gettext_noop("put {result}: {reason}")

    tenant_id: int
    plan: str
    reason: str

    def approval_subject(self) -> str:
        """A tenant without a subscription has no row yet."""
        return _subject("Subscription", tenant_id=self.tenant_id)


@dataclass(frozen=True, kw_only=True)
class SubscribeTenant(Command):
    """Record the first subscription of a tenant, within its onboarding or restoration. An existing one stays."""

    platform = True
    permission = "billing.change_plan_of_tenant"
    audit_message = gettext_noop("subscribed {result}: {reason}")

    tenant_id: int
    plan: str
    reason: str
