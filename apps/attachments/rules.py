"""Validation of attachments."""

from __future__ import annotations

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from apps.kernel import limits
from apps.kernel.actors import acting
from apps.kernel.uploads.names import upload_name

from . import contents, queries
from .commands import AttachFile
from .errors import (
    AttachmentIsRemoved,
    AttachmentNotFound,
    ContentMissing,
    SubjectNotFound,
    SubjectTypeUnknown,
)
from .hooks import subject_types
from .models import Attachment

BYTES = limits.declare_limit(
    "attachments.bytes", unit=_("bytes"), description=_("Size of attachments"), count=queries.used_bytes
)


def subject_must_exist(subject_type: str, subject_id: int) -> Model:
    """The object, which the actor may view, locked until the end of the transaction, so that it is not deleted."""
    kind = subject_types().get(subject_type)
    if kind is None:
        raise SubjectTypeUnknown(subject_type=subject_type, types=", ".join(sorted(subject_types())))
    actor = acting()
    locked = kind.model._default_manager.select_for_update(of=("self",), no_key=True)
    if actor is None or not queries.may_view(actor, kind):
        raise SubjectNotFound(subject_type=subject_type, subject_id=subject_id)
    subject = locked.filter(pk=subject_id).first()
    if subject is None:
        raise SubjectNotFound(subject_type=subject_type, subject_id=subject_id)
    return subject


def content_must_be_stored(command: AttachFile) -> None:
    """Locks the content. It has the stated size and the normal form of a name."""
    upload_name(command.name)
    contents.hold(command.storage_key)
    is_here = command.storage_key.startswith(f"{contents.FOLDER}/")
    if not is_here or contents.size_of(command.storage_key) != command.bytes:
        raise ContentMissing(name=command.name)


def quota_must_allow(size: int) -> None:
    """Raises LimitReached. Concurrent uploads wait for one another."""
    limits.must_allow(BYTES, more=size)


def attachment_must_be_present(attachment_id: int) -> Attachment:
    """The actor may view its object, and it was not removed. Locks it until the end of the transaction."""
    actor = acting()
    visible = queries.visible_to(actor) if actor else Attachment.objects.none()
    attachment = visible.select_for_update(no_key=True).filter(pk=attachment_id).first()
    if attachment is None:
        raise AttachmentNotFound(attachment_id=attachment_id)
    if attachment.removed_at:
        raise AttachmentIsRemoved(name=attachment.name)
    return attachment
