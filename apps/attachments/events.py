"""The events of attachments."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class AttachmentAdded(Event):
    """A file was attached to an object."""

    name = "attachment.added"

    attachment_id: int
    subject_type: str
    subject_id: int
    sha256: str

    @property
    def aggregate(self) -> str:
        return f"attachment:{self.attachment_id}"


@dataclass(frozen=True, kw_only=True)
class AttachmentRemoved(Event):
    """An attachment was removed; its content is deleted."""

    name = "attachment.removed"

    attachment_id: int
    subject_type: str
    subject_id: int

    @property
    def aggregate(self) -> str:
        return f"attachment:{self.attachment_id}"
