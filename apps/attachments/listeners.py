"""Deletes the content of a removed attachment, after the commit."""

from __future__ import annotations

from apps.events import listens_to

from . import contents
from .events import AttachmentRemoved
from .models import Attachment


@listens_to(AttachmentRemoved, queue="low")
def delete_content(event: AttachmentRemoved) -> None:
    contents.discard(Attachment.objects.get(pk=event.attachment_id).storage_key)
