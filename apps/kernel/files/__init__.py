"""Files that outlive a request: invoices, exports, archives. In the object store, never on a node's own disk."""

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
    """The store, as the current tenant sees it: its own files and nobody else's."""
    return cast(Files, storages["default"])
