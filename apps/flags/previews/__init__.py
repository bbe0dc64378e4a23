"""Previews: for whom a change set changes what, computed on the real population before its approval."""

from .computing import comparison_of, effect_of, preview_of
from .scheduling import compute_after_commit, is_small
from .sealing import is_sealed, sealed

__all__ = [
    "comparison_of",
    "compute_after_commit",
    "effect_of",
    "is_sealed",
    "is_small",
    "preview_of",
    "sealed",
]
