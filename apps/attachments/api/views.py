from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.attachments import contents, queries
from apps.attachments.commands import VIEW, AttachFile, RemoveAttachment
from apps.attachments.errors import AttachmentNotFound
from apps.attachments.models import Attachment, AttachmentQuerySet
from apps.bus import Command
from apps.bus.api.filters import Filters
from apps.bus.api.views import (
    CommandEndpoint,
    DetailEndpoint,
    Endpoint,
    ListEndpoint,
    idempotency_key,
    must_be_allowed,
)
from apps.kernel.actors import Actor
from apps.kernel.files.download import download
from apps.kernel.uploads.errors import UploadMissing
from apps.kernel.uploads.receiving import receive

from .serializers import AttachmentSerializer, UploadSerializer


class AttachmentFilter(Filters):
    class Meta:
        model = Attachment
        fields = ("subject_type", "subject_id", "sha256")


class VisibleAttachments(Endpoint):
    """Those of the objects that the caller may view."""

    permission = VIEW
    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer

    def get_queryset(self) -> AttachmentQuerySet:
        return queries.visible_to(cast(Actor, self.request.user))


class Attachments(VisibleAttachments, ListEndpoint):
    """The attachments of all objects that the caller may view, the latest first, with the removed ones."""

    filterset_class = AttachmentFilter


class OneAttachment(VisibleAttachments, DetailEndpoint):
    """An attachment with its checksum."""

    lookup_url_kwarg = "attachment_id"


class Content(VisibleAttachments):
    """The content of an attachment, as a download."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The response is a file, whatever the Accept header."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, **server_fields: Any) -> FileResponse:
        attachment = self.get_queryset().present().filter(pk=server_fields["attachment_id"]).first()
        if attachment is None:
            raise AttachmentNotFound(**server_fields)
        return download(queries.content_of(attachment), attachment.name, attachment.media_type)


class AttachToObject(CommandEndpoint):
    """Takes a multipart form with the field `file`."""

    command, result = AttachFile, AttachmentSerializer
    server_fields = tuple(field.name for field in fields(AttachFile))
    parser_classes = (MultiPartParser,)
    request_serializer = UploadSerializer
    attaching: AttachFile

    def post(self, request: Request, **server_fields: Any) -> Response:
        actor = cast(Actor, request.user)
        must_be_allowed(actor, self.command)
        file = request.FILES.get("file")
        if file is None:
            raise UploadMissing(field="file")
        upload, key = receive(file.name or "", file), idempotency_key(request, self.command)
        with contents.stored(upload, actor=actor, key=key, **server_fields) as self.attaching:
            return super().post(request, **server_fields)

    def _command(self, request: Request, actor: Actor, server_fields: Mapping[str, Any]) -> Command:
        return self.attaching


class RemoveOneAttachment(CommandEndpoint):
    command, result, status = RemoveAttachment, AttachmentSerializer, 200
    server_fields = ("attachment_id",)
