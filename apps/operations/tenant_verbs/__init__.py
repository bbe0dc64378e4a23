"""The verbs of operations for `manage.py tenant`: transitions of a tenant's state, its status, renaming and moves."""

from . import lifecycle, moving, renaming, status

__all__ = ["lifecycle", "moving", "renaming", "status"]
