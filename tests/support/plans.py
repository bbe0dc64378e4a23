"""What a plan that limits nothing says of everything that is counted."""

from apps.billing.commands import PlanLimit
from apps.kernel.limits import LIMITS

UNLIMITED = tuple(PlanLimit(name, -1) for name in LIMITS)
