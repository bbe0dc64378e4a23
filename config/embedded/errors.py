"""Errors of the embedded servers."""

from __future__ import annotations


class CannotStart(Exception):
    """The reason why an embedded server cannot start, and the remedy, in one sentence."""
