"""Attaching files as an entry point does."""

from __future__ import annotations

import io

from apps.attachments import contents
from apps.attachments.models import Attachment
from apps.bus import dispatch
from apps.kernel.actors import Actor
from apps.kernel.uploads.receiving import receive
from tests.support.uploads import PDF


def attached(
    subject_id: int,
    actor: Actor,
    content: bytes = PDF,
    *,
    name: str = "receipt.pdf",
    subject_type: str = "ledger.entry",
) -> Attachment:
    upload = receive(name, io.BytesIO(content))
    with contents.stored(upload, subject_type=subject_type, subject_id=subject_id, actor=actor) as command:
        attachment: Attachment = dispatch(command, actor=actor)
    return attachment
