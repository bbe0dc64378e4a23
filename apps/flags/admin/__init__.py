"""Pages of flags in both consoles; importing a file registers its pages."""

from . import (
    change_sets,
    creating,
    editing,
    explaining,
    flags,
    kills,
    life_cycle,
    matrix,
    overview,
    percentage,
    rollouts,
    sections,
    tenant,
    uses,
)

__all__ = [
    "change_sets",
    "creating",
    "editing",
    "explaining",
    "flags",
    "kills",
    "life_cycle",
    "matrix",
    "overview",
    "percentage",
    "rollouts",
    "sections",
    "tenant",
    "uses",
]
