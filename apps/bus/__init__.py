"""The command bus: commands, their handlers and dispatch."""

from .commands import FRESH_S, Command
from .dispatch import Outcome, dispatch, dispatch_once, dry_run, dry_run_in_order
from .registry import handles

__all__ = [
    "FRESH_S",
    "Command",
    "Outcome",
    "dispatch",
    "dispatch_once",
    "dry_run",
    "dry_run_in_order",
    "handles",
]
