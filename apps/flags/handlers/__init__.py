"""Handlers of flags."""

from . import rollouts

__all__ = ["rollouts"]
