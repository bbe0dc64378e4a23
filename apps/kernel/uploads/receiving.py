"""Validates an upload as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings

from .errors import UploadIsEmpty, UploadTooLarge, UploadTypeMismatch, UploadTypeNotAllowed
from .names import extension_of, upload_name
from .scanning import chunks
from .types import ALLOWED, UploadType


@dataclass(frozen=True)
class Upload:
    """A validated file. `content` starts at its first byte."""

    name: str
    media_type: str
    size: int
    sha256: str
    content: IO[bytes]


def receive(name: str, content: Any, types: Sequence[UploadType] = ALLOWED) -> Upload:
    """The upload with its name in the normal form. `content` is a binary file that can seek.

    Raises UploadNameNotAllowed, UploadTypeNotAllowed, UploadTooLarge, UploadIsEmpty, UploadTypeMismatch, UploadIsMixed,
    UploadIsActive, UploadDocumentNotAllowed.
    """
    name = upload_name(name)
    upload_type = _type_of(name, types)
    size, sha256 = _measured(content)
    if size == 0:
        raise UploadIsEmpty(name=name)
    if not upload_type.is_of_type(name, content):
        raise UploadTypeMismatch(name=name, extension=extension_of(name))
    content.seek(0)
    return Upload(name, upload_type.media_type, size, sha256, content)


def _type_of(name: str, types: Sequence[UploadType]) -> UploadType:
    extension = extension_of(name)
    for upload_type in types:
        if extension in upload_type.extensions:
            return upload_type
    accepted = ", ".join(name for upload_type in types for name in upload_type.extensions)
    raise UploadTypeNotAllowed(extension=extension, accepted=accepted)


def _measured(content: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256. Ends at the first chunk beyond the limit."""
    size, digest = 0, hashlib.sha256()
    for chunk in chunks(content):
        size += len(chunk)
        if size > settings.UPLOAD_MAX_BYTES:
            raise UploadTooLarge(limit=settings.UPLOAD_MAX_BYTES)
        digest.update(chunk)
    return size, digest.hexdigest()
