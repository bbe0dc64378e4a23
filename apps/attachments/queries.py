"""Reads of attachments. What a user may see is decided here, for all entry points."""

from __future__ import annotations

from typing import IO, Any

from django.db.models import Model, Sum

from apps.kernel.actors import Actor
from apps.kernel.files.store import files
from apps.modules import registry

from .commands import VIEW
from .hooks import SubjectType, subject_types
from .models import Attachment, AttachmentQuerySet


def may_view(actor: Actor, kind: SubjectType) -> bool:
    """Whether the actor may view objects of the type, in a module that is available to the tenant."""
    app = kind.name.partition(".")[0]
    return actor.has_perm(kind.view_permission) and not registry.unavailable_module(app)


def visible_types(actor: Actor) -> list[str]:
    """The types whose objects, and so their attachments, the actor may view."""
    if not actor.has_perm(VIEW):
        return []
    return [kind.name for kind in subject_types().values() if may_view(actor, kind)]


def visible_to(actor: Actor) -> AttachmentQuerySet:
    """The attachments that the actor may view and download, the removed ones as well."""
    return Attachment.objects.filter(subject_type__in=visible_types(actor))


def visible_subject(actor: Actor, subject_type: str, subject_id: int) -> Model | None:
    """The object to which files can be attached, if the actor may view it."""
    kind: SubjectType | None = subject_types().get(subject_type)
    if kind is None or not may_view(actor, kind):
        return None
    return kind.model._default_manager.filter(pk=subject_id).first()


def attachments_of(subject_type: str, subject_id: int) -> AttachmentQuerySet:
    return Attachment.objects.filter(subject_type=subject_type, subject_id=subject_id)


def has_attachments(subject_type: str, subject_id: int) -> bool:
    """Whether the object has attachments that were not removed."""
    return attachments_of(subject_type, subject_id).present().exists()


def used_bytes() -> int:
    """The bytes of all attachments that were not removed."""
    return int(Attachment.objects.present().aggregate(used=Sum("bytes"))["used"] or 0)


def content_of(attachment: Attachment) -> IO[Any]:
    """Raises FileIsMissing."""
    return files().open(attachment.storage_key)
