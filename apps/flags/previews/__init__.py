"""Previews: for whom a change set changes what, computed on the real population before its approval."""

from .computing import preview_of
from .scheduling import compute_after_commit

__all__ = ["compute_after_commit", "preview_of"]
