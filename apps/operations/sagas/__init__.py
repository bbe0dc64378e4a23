"""Sagas of a tenant, from onboarding to erasure. One file each, with the handler of the command that starts it."""

from .erasure import ERASURE
from .moving import MIGRATION
from .onboarding import ONBOARDING
from .transitions import ACTIVATION, ARCHIVE, SUSPENSION

__all__ = ["ACTIVATION", "ARCHIVE", "ERASURE", "MIGRATION", "ONBOARDING", "SUSPENSION"]
