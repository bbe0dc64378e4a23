"""What a plan that limits nothing says of everything that is counted."""

from apps.billing.commands import Most
from apps.kernel.limits import LIMITS

UNLIMITED = tuple(Most(name, -1) for name in LIMITS)
