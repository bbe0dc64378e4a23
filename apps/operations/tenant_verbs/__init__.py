"""The verbs of operations for `manage.py tenant`: transitions of a tenant's state, its status, and moves."""

from . import lifecycle, moving, status

__all__ = ["lifecycle", "moving", "status"]
