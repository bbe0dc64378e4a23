"""The archive: a ZIP file of parts, with a signed manifest as its last one.

    schema.sql              the statements that make the schema
    tables/<table>.copy     its rows in COPY's binary form: exact for every type, and not read by people
    events.jsonl              events that were not yet told to everybody
    files/<name>            the tenant's files, where they were asked for
    manifest.json           what it is of, and of each part its bytes and SHA-256
    manifest.sig            an HMAC of the manifest under a key of AUDIT_KEYS

ZIP, because it is written as a stream, compressed, and can be opened by anybody; it has no directory until it is
closed, so a cut one is known at once. The manifest binds the parts and the key binds the manifest: restoring runs
schema.sql as the owner of the database, and nobody may have written that but us.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from apps.audit.keys import keys, sealing_key

from .errors import BackupFileAltered, BackupFileSignatureInvalid, BackupFileUnreadable

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
CHUNK = 1 << 18
QUICK = 1
"""Level of compression: five times as fast as the usual one, and a tenth larger."""
_PURPOSE = b"bursar archive of a tenant\0"


class Writer:
    """Parts one after the other; `seal` says what they were."""

    def __init__(self, to: BinaryIO) -> None:
        self._zip = ZipFile(to, "w", ZIP_DEFLATED, compresslevel=QUICK)
        self._parts: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()  # what has no manifest by now is no archive

    @contextmanager
    def part(self, name: str) -> Iterator[Part]:
        with self._zip.open(name, "w", force_zip64=True) as into:
            part = Part(into)
            yield part
        self._parts[name] = part.said

    def write(self, name: str, content: bytes) -> None:
        with self.part(name) as part:
            part.write(content)

    def seal(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the manifest as it stands in the file."""
        whole = {"format": FORMAT, **manifest, "parts": self._parts}
        written = json.dumps(whole, sort_keys=True, ensure_ascii=False, indent=1).encode()
        key_id, key = sealing_key()
        self._zip.writestr(MANIFEST, written)
        self._zip.writestr(SIGNATURE, f"{key_id}:{_signature(key, written)}")
        return whole


class Part:
    """What is written of one part: counted and hashed on the way."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into, self._hash, self._bytes = into, hashlib.sha256(), 0

    def write(self, chunk: bytes | memoryview) -> None:
        self._into.write(chunk)
        self._hash.update(chunk)
        self._bytes += len(chunk)

    @property
    def said(self) -> dict[str, Any]:
        return {"bytes": self._bytes, "sha256": self._hash.hexdigest()}


class BackupFile:
    """One that is read. Raises ArchiveUnreadable, ArchiveNotOurs and ArchiveAltered, each as soon as it is known."""

    def __init__(self, source: IO[bytes], storage_key: str = "the archive") -> None:
        try:
            self._zip = ZipFile(source)
            written = self._zip.read(MANIFEST)
            signature = self._zip.read(SIGNATURE).decode()
        except (BadZipFile, KeyError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise BackupFileUnreadable(storage_key=storage_key, why=str(error).strip("'\"")) from None
        _must_be_ours(written, signature)
        self.manifest: dict[str, Any] = json.loads(written)
        if self.manifest["format"] != FORMAT:
            raise BackupFileUnreadable(
                storage_key=storage_key, why=f"its format is {self.manifest['format']}"
            )

    def read(self, name: str) -> bytes:
        return b"".join(self.part(name))

    def part(self, name: str) -> Iterator[bytes]:
        """Its bytes. Whoever has read to the end knows that they are those which were written."""
        said, digest = self.manifest["parts"][name], hashlib.sha256()
        try:
            with self._zip.open(name) as content:
                while chunk := content.read(CHUNK):
                    digest.update(chunk)
                    yield chunk
        except (BadZipFile, KeyError, EOFError, zlib.error):
            raise BackupFileAltered(part=name) from None
        if not hmac.compare_digest(digest.hexdigest(), said["sha256"]):
            raise BackupFileAltered(part=name)

    def names(self, folder: str) -> list[str]:
        return [name for name in self.manifest["parts"] if name.startswith(f"{folder}/")]

    def read_through(self) -> None:
        """Look at every part, and keep none."""
        for name in self.manifest["parts"]:
            for _ in self.part(name):
                pass


def _must_be_ours(written: bytes, signature: str) -> None:
    key_id, _, said = signature.partition(":")
    key = keys().get(key_id)
    if key is None or not hmac.compare_digest(_signature(key, written), said):
        raise BackupFileSignatureInvalid(key_id=key_id)


def _signature(key: bytes, written: bytes) -> str:
    return hmac.digest(key, _PURPOSE + written, "sha256").hex()
