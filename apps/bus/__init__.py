"""The command bus: commands, their handlers and dispatch."""

from .commands import Command
from .dispatch import Outcome, dispatch, dispatch_once, dry_run
from .registry import handles

__all__ = ["Command", "Outcome", "dispatch", "dispatch_once", "dry_run", "handles"]
