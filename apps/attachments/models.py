"""Attachments. Their invariants are enforced by the database (migration 0002)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.kernel.models import Tracked
from apps.kernel.uploads.names import MAX_NAME_LENGTH


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def present(self) -> AttachmentQuerySet:
        """Those that were not removed."""
        return self.filter(removed_at=None)


class Attachment(Tracked):
    """A file that is attached to a row. The row stays when the content is removed.

    subject_type, subject_id  the object: "sales.invoice", and its number
    sha256                    of the content, in hexadecimal digits
    storage_key               the name of the content in the object store
    attached_by, removed_by   the actors' names
    """

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    media_type = models.CharField(max_length=100)
    bytes = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=100)
    attached_at = models.DateTimeField()
    attached_by = models.CharField(max_length=200)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=200, blank=True)
    removal_reason = models.TextField("reason", blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("attach_file", "Can attach files"),
            ("remove_attachment", "Can remove attachments"),
        ]
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(name="attachments_content_once", fields=["storage_key"]),
            models.CheckConstraint(name="attachments_content_has_bytes", condition=Q(bytes__gt=0)),
            models.CheckConstraint(
                name="attachments_checksum_is_sha256", condition=Q(sha256__regex="^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="attachments_removal_has_reason",
                condition=Q(removed_at=None, removed_by="", removal_reason="")
                | (Q(removed_at__isnull=False) & ~Q(removed_by="") & ~Q(removal_reason="")),
            ),
        ]
        indexes = [models.Index(name="attachments_subject", fields=["subject_type", "subject_id"])]

    def __str__(self) -> str:
        return self.name
