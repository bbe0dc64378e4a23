"""The commands of billing, on the platform."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True)
class PlanLimit:
    """The `maximum` of a plan for the limit with the name `limit`; -1 is unlimited."""

    limit: str
    maximum: int


@dataclass(frozen=True, kw_only=True)
class DefinePlan(Command):
    """Define a plan completely: its licensed modules and features, and a maximum for every limit. This replaces the
    definition of an existing plan, with immediate effect on its tenants."""

    platform = True
    permission = "billing.manage_plans"
    audit_message = gettext_noop("defined the plan {result}")

    code: str
    name: str
    level: int
    modules: tuple[str, ...]
    limits: tuple[PlanLimit, ...]


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
    add more."""

    platform = True
    permission = "billing.change_plan_of_tenant"
    schedulable = True
    audit_message = gettext_noop("put {result}: {reason}")

    tenant_id: int
    plan: str
    reason: str
