from typing import Any

from rest_framework import serializers

from apps.attachments.models import Attachment
from apps.bus.api.serializers import ReadSerializer


class AttachmentSerializer(ReadSerializer):
    class Meta:
        model = Attachment
        fields = (
            "id",
            "subject_type",
            "subject_id",
            "name",
            "media_type",
            "bytes",
            "sha256",
            "attached_at",
            "attached_by",
            "removed_at",
            "removed_by",
            "removal_reason",
        )


class UploadSerializer(serializers.Serializer[Any]):
    """A multipart form with one file."""

    file = serializers.FileField()
