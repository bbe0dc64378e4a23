"""Commands, and the one way they are done."""

from .commands import Command
from .dispatch import Outcome, dispatch, dispatch_once, dry_run
from .registry import handles

__all__ = ["Command", "Outcome", "dispatch", "dispatch_once", "dry_run", "handles"]
