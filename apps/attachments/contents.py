"""Contents of attachments in the object store, in one folder of the tenant.

A content is stored before the command that attaches it, and discarded unless a row has it: after a refusal, by the
request that stored it; after the removal, by a listener; after a crash, by the sweep. A lock per content orders these.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.core.files.base import File
from django.db import connection

from apps.kernel.actors import Actor
from apps.kernel.clock import now
from apps.kernel.db.locks import Lock
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.files.store import FileIsMissing, files
from apps.kernel.tenant import current_tenant
from apps.kernel.uploads.receiving import Upload
from apps.kernel.uploads.scanning import chunks

from .commands import AttachFile
from .models import Attachment

FOLDER = "attachments"
CONTENT = Lock("attachment-content:{tenant}:{storage_key}")
SWEPT_AFTER = dt.timedelta(days=1)
"""Longer than any request."""


@contextmanager
def stored(
    upload: Upload, *, subject_type: str, subject_id: int, actor: Actor, key: str = ""
) -> Iterator[AttachFile]:
    """Stores the content and yields the command that attaches it; at the end it is discarded unless a row has it.

    key  the idempotency key of the actor's request: a repeated request makes the same command with the content of the
         first one, which may still be in progress, and so does not discard it
    """
    storage_key, is_new = _store(upload, f"{actor.pk or actor}:{key}" if key else "")
    try:
        yield AttachFile(
            subject_type=subject_type,
            subject_id=subject_id,
            name=upload.name,
            media_type=upload.media_type,
            bytes=upload.size,
            sha256=upload.sha256,
            storage_key=storage_key,
        )
    finally:
        if is_new:
            discard(storage_key)


def hold(storage_key: str) -> None:
    """Locks the content until the end of the transaction."""
    tenant = current_tenant()
    with connection.cursor() as cursor:
        CONTENT.key(tenant=tenant.id if tenant else 0, storage_key=storage_key).hold(cursor)


def size_of(storage_key: str) -> int | None:
    """None without a stored content."""
    try:
        return files().size(storage_key)
    except FileIsMissing:
        return None


def discard(storage_key: str) -> bool:
    """Deletes the content, unless an attachment has it. Returns whether it is deleted."""
    with unit_of_work():
        hold(storage_key)
        if Attachment.objects.present().filter(storage_key=storage_key).exists():
            return False
        files().delete(storage_key)
    return True


def sweep() -> int:
    """Discards contents without an attachment, of processes that were killed. Returns their number."""
    _, names = files().listdir(FOLDER)
    names = [f"{FOLDER}/{name}" for name in names]
    known = set(Attachment.objects.present().values_list("storage_key", flat=True))
    return sum(discard(name) for name in names if name not in known and _is_old(name))


def _is_old(name: str) -> bool:
    try:
        return files().get_modified_time(name) < now() - SWEPT_AFTER
    except FileIsMissing:
        return False


def _store(upload: Upload, request_key: str) -> tuple[str, bool]:
    """The storage key, and whether the content is new."""
    leaf = hashlib.sha256(request_key.encode()).hexdigest() if request_key else secrets.token_hex(32)
    storage_key = f"{FOLDER}/{leaf}"
    if files().exists(storage_key) and _is_equal(storage_key, upload):
        return storage_key, False
    upload.content.seek(0)
    return files().save(storage_key, File(upload.content)), True


def _is_equal(storage_key: str, upload: Upload) -> bool:
    try:
        with files().open(storage_key) as existing:
            return _sha256(existing) == upload.sha256
    except FileIsMissing:
        return False


def _sha256(content: IO[Any]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(content):
        digest.update(chunk)
    return digest.hexdigest()
