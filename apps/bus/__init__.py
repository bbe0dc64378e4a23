"""The command bus: commands, their handlers and dispatch."""

from .commands import FRESH_S, Command
from .dispatch import Outcome, dispatch, dispatch_once, dry_run
from .registry import handles

__all__ = ["FRESH_S", "Command", "Outcome", "dispatch", "dispatch_once", "dry_run", "handles"]
