"""The verbs of backups for `manage.py tenant`."""

from . import backups, moves, restores

__all__ = ["backups", "moves", "restores"]
