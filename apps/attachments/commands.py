"""The commands of attachments."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command

VIEW, ATTACH, REMOVE = (
    "attachments.view_attachment",
    "attachments.attach_file",
    "attachments.remove_attachment",
)


@dataclass(frozen=True, kw_only=True)
class AttachFile(Command):
    """Attach a file to an entry, an invoice, an order or a payment. You need the permission to view that object.

    The entry point has validated the file and stored its content (`contents.stored`).

    subject_type  "ledger.entry", "sales.invoice", "sales.order" or "payments.payment"
    subject_id    the number of the object
    """

    permission = ATTACH
    audit_message = gettext_noop("attached {name} to {subject_type} {subject_id}")

    subject_type: str
    subject_id: int
    name: str
    media_type: str
    bytes: int
    sha256: str
    storage_key: str


@dataclass(frozen=True, kw_only=True)
class RemoveAttachment(Command):
    """Remove an attachment. Its content is deleted; its name, its checksum and the reason stay."""

    permission = REMOVE
    audit_message = gettext_noop("removed the attachment {result}: {reason}")

    attachment_id: int
    reason: str
