"""What billing can be asked, at the platform."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True)
class PlanLimit:
    """How many of what is counted under `limit` a plan allows; -1 is as many as you like."""

    limit: str
    most: int


@dataclass(frozen=True, kw_only=True)
class DefinePlan(Command):
    """Say what is in a plan, all of it: the modules that are sold with it, and how much of everything that is counted.
    Of a plan that is there, this takes the place of what was said before, and tenants that are on it have the change
    at once."""

    platform = True
    permission = "billing.manage_plans"
    audit_message = "defined the plan {result}"

    code: str
    name: str
    level: int
    modules: tuple[str, ...]
    limits: tuple[PlanLimit, ...]


@dataclass(frozen=True, kw_only=True)
class RetirePlan(Command):
    """Offer a plan no longer. Those who are on it keep it."""

    platform = True
    permission = "billing.manage_plans"
    audit_message = "retired the plan {result}"

    code: str


@dataclass(frozen=True, kw_only=True)
class ChangePlan(Command):
    """Put a tenant on another plan, from now on. Nothing of what it has is taken away: where the new plan allows less
    than there is, nothing can be added."""

    platform = True
    permission = "billing.change_plan_of_tenant"
    audit_message = "put {result}: {reason}"

    tenant_id: int
    plan: str
    reason: str
