"""Commands, and the one way they are done."""

from .commands import Command
from .dispatch import dispatch, rehearse
from .registry import handles

__all__ = ["Command", "dispatch", "handles", "rehearse"]
