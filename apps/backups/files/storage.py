"""Storage of backup files: the platform's part of the object store, or a local file ("/srv/acme.zip")."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from django.core.files.base import File

from apps.backups.errors import BackupFileAltered, BackupFileMissing
from apps.kernel.files.store import FileIsMissing, files
from apps.kernel.tenant import activate

from .backup_file import CHUNK_BYTES

FOLDER = "backups"


class StoredFile(NamedTuple):
    """A stored backup file: its size, SHA-256 and manifest."""

    storage_key: str
    bytes: int
    checksum: str
    manifest: dict[str, Any]


def store(storage_key: str, write: Callable[[BinaryIO], dict[str, Any]]) -> StoredFile:
    """Writes a backup file. It appears under its name only when it is complete."""
    return (
        _store_in_file(Path(storage_key), write)
        if is_file(storage_key)
        else _store_in_object_store(storage_key, write)
    )


@contextmanager
def opened(storage_key: str, checksum: str = "") -> Iterator[IO[bytes]]:
    """Opens a backup file. Raises BackupFileMissing, and BackupFileAltered if its checksum differs."""
    with _open(storage_key) as file:
        if checksum and _size_and_checksum(file)[1] != checksum:
            raise BackupFileAltered(part=storage_key)
        file.seek(0)
        yield file


def _open(storage_key: str) -> Any:
    try:
        if is_file(storage_key):
            return Path(storage_key).open("rb")
        with activate(None):
            return files().open(f"{FOLDER}/{storage_key}")
    except (FileNotFoundError, FileIsMissing):
        raise BackupFileMissing(storage_key=storage_key) from None


def remove(storage_key: str) -> None:
    if is_file(storage_key):
        Path(storage_key).unlink(missing_ok=True)
        return
    with activate(None):
        files().delete(f"{FOLDER}/{storage_key}")


def discard_unfinished(storage_key: str) -> None:
    """Removes what an interrupted backup wrote; a complete local file of that name is not touched."""
    if is_file(storage_key):
        _unfinished(Path(storage_key)).unlink(missing_ok=True)
    elif storage_key:
        remove(storage_key)


def is_file(storage_key: str) -> bool:
    return storage_key.startswith("/")


def _store_in_file(path: Path, write: Callable[[BinaryIO], dict[str, Any]]) -> StoredFile:
    unfinished = _unfinished(path)
    with open(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as file:
        manifest = write(file)
        size, checksum = _size_and_checksum(file)
        os.fsync(file.fileno())
    unfinished.replace(path)
    return StoredFile(str(path), size, checksum, manifest)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")


def _store_in_object_store(storage_key: str, write: Callable[[BinaryIO], dict[str, Any]]) -> StoredFile:
    with tempfile.TemporaryFile() as file:
        manifest = write(file)
        size, checksum = _size_and_checksum(file)
        with activate(None):
            name = files().save(f"{FOLDER}/{storage_key}", File(file))
    return StoredFile(name.removeprefix(f"{FOLDER}/"), size, checksum, manifest)


def _size_and_checksum(file: Any) -> tuple[int, str]:
    file.seek(0)
    size, digest = 0, hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()
