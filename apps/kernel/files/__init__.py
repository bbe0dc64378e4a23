"""Files that outlive a request, such as invoices, exports and backups: in the object store, not on a node's disk."""

from __future__ import annotations

from typing import cast

from django.core.files.storage import storages

from .store import FileIsMissing, FileNameNotAllowed, FileNotWritable, Files, LinkNotValid, file_name

__all__ = [
    "FileIsMissing",
    "FileNameNotAllowed",
    "FileNotWritable",
    "Files",
    "LinkNotValid",
    "file_name",
    "files",
]


def files() -> Files:
    """The store with the files of the current tenant."""
    return cast(Files, storages["default"])
