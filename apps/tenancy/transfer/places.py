"""Where archives lie: in the platform's part of the object store, or in a file of this machine ("/srv/acme.zip")."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from django.core.files.base import File

from apps.kernel.files import FileIsMissing, files
from apps.kernel.tenant import activate

from .archive import CHUNK
from .errors import ArchiveAltered, ArchiveMissing

FOLDER = "backups"


class Kept(NamedTuple):
    """An archive that is there: where, how long, its SHA-256, and its manifest."""

    place: str
    bytes: int
    checksum: str
    manifest: dict[str, Any]


def keep(place: str, write: Callable[[BinaryIO], dict[str, Any]]) -> Kept:
    """Have an archive written. It is there when it is whole, and not before."""
    return _keep_here(Path(place), write) if is_file(place) else _keep_in_store(place, write)


@contextmanager
def opened(place: str, checksum: str = "") -> Iterator[IO[bytes]]:
    """To read it. Raises ArchiveMissing, and ArchiveAltered where it is not the file with that checksum."""
    with _open(place) as file:
        if checksum and _weigh(file)[1] != checksum:
            raise ArchiveAltered(part=place)
        file.seek(0)
        yield file


def _open(place: str) -> Any:
    try:
        if is_file(place):
            return Path(place).open("rb")
        with activate(None):
            return files().open(f"{FOLDER}/{place}")
    except (FileNotFoundError, FileIsMissing):
        raise ArchiveMissing(place=place) from None


def remove(place: str) -> None:
    if is_file(place):
        Path(place).unlink(missing_ok=True)
        return
    with activate(None):
        files().delete(f"{FOLDER}/{place}")


def clear(place: str) -> None:
    """What a try that was cut off left there; what was there before stays."""
    if is_file(place):
        _unfinished(Path(place)).unlink(missing_ok=True)
    elif place:
        remove(place)


def is_file(place: str) -> bool:
    return place.startswith("/")


def _keep_here(path: Path, write: Callable[[BinaryIO], dict[str, Any]]) -> Kept:
    unfinished = _unfinished(path)
    with open(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as file:
        manifest = write(file)
        size, checksum = _weigh(file)
        os.fsync(file.fileno())
    unfinished.replace(path)
    return Kept(str(path), size, checksum, manifest)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")


def _keep_in_store(place: str, write: Callable[[BinaryIO], dict[str, Any]]) -> Kept:
    with tempfile.TemporaryFile() as file:
        manifest = write(file)
        size, checksum = _weigh(file)
        with activate(None):
            name = files().save(f"{FOLDER}/{place}", File(file))
    return Kept(name.removeprefix(f"{FOLDER}/"), size, checksum, manifest)


def _weigh(file: Any) -> tuple[int, str]:
    file.seek(0)
    size, digest = 0, hashlib.sha256()
    while chunk := file.read(CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()
