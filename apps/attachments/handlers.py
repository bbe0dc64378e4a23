"""Handlers of the commands of attachments."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.kernel.actors import acting, actor_label
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given

from . import rules
from .commands import AttachFile, RemoveAttachment
from .errors import ReasonMissing
from .events import AttachmentAdded, AttachmentRemoved
from .models import Attachment


@handles(AttachFile, emits=(AttachmentAdded,))
def attach_file(command: AttachFile) -> Attachment:
    rules.subject_must_exist(command.subject_type, command.subject_id)
    with together() as validation:
        validation.check(rules.content_must_be_stored, command)
        validation.check(rules.quota_must_allow, command.bytes)

    attachment = Attachment.objects.create(
        subject_type=command.subject_type,
        subject_id=command.subject_id,
        name=command.name,
        media_type=command.media_type,
        bytes=command.bytes,
        sha256=command.sha256,
        storage_key=command.storage_key,
        attached_at=now(),
        attached_by=actor_label(acting() or "")[:200],
    )

    publish(
        AttachmentAdded(
            attachment_id=attachment.pk,
            subject_type=attachment.subject_type,
            subject_id=attachment.subject_id,
            sha256=attachment.sha256,
        )
    )
    return attachment


@handles(RemoveAttachment, emits=(AttachmentRemoved,))
def remove_attachment(command: RemoveAttachment) -> Attachment:
    with together() as validation:
        reason = validation.check(reason_must_be_given, command.reason, ReasonMissing)
        attachment = validation.check(rules.attachment_must_be_present, command.attachment_id)

    attachment.removed_at, attachment.removal_reason = now(), reason
    attachment.removed_by = actor_label(acting() or "")[:200]
    attachment.save(update_fields=["removed_at", "removed_by", "removal_reason"])

    publish(
        AttachmentRemoved(
            attachment_id=attachment.pk,
            subject_type=attachment.subject_type,
            subject_id=attachment.subject_id,
        )
    )
    return attachment
