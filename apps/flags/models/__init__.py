"""Flags, their change sets with revisions, and kills."""

from .changes import ChangeSet, Revision
from .flags import Flag
from .kills import Kill

__all__ = ["ChangeSet", "Flag", "Kill", "Revision"]
