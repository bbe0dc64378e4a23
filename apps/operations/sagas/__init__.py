"""Declarations of the sagas of a tenant, from onboarding to erasure, a file each."""

from . import erasure, moving, onboarding, transitions

__all__ = ["erasure", "moving", "onboarding", "transitions"]
