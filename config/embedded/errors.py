"""What the embedded servers refuse."""

from __future__ import annotations


class CannotStart(Exception):
    """A sentence that says why a server of this checkout cannot start, and what to do."""
