"""What a plan that limits nothing says of everything that is counted."""

from apps.billing.commands import PlanLimit
from apps.kernel.limits import LIMITS

UNLIMITED = tuple(PlanLimit(name, -1) for name in LIMITS)


def limited(**maxima: int) -> tuple[PlanLimit, ...]:
    """A maximum by limit, whose name has __ in place of the point; all others are unlimited."""
    named = {name.replace("__", "."): maximum for name, maximum in maxima.items()}
    return tuple(PlanLimit(name, named.get(name, -1)) for name in LIMITS)
