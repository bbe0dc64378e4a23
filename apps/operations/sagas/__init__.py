"""The journeys of a tenant, from its first day to its last. One file each."""

from .onboarding import ONBOARDING

__all__ = ["ONBOARDING"]
