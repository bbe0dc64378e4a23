"""Handlers of flags."""

from . import rollouts, stale_flags

__all__ = ["rollouts", "stale_flags"]
