"""The journeys of a tenant, from its first day to its last. One file each."""

from .erasure import ERASURE
from .moving import MIGRATION
from .onboarding import ONBOARDING
from .turning import ACTIVATION, ARCHIVE, SUSPENSION

__all__ = ["ACTIVATION", "ARCHIVE", "ERASURE", "MIGRATION", "ONBOARDING", "SUSPENSION"]
