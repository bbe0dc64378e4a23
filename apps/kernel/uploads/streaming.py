"""The limit of the size while a request streams in: the first chunk beyond it ends the upload."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler

from .errors import UploadTooLarge


class LimitedUploads(FileUploadHandler):
    """The first handler of `settings.FILE_UPLOAD_HANDLERS`. All files of a request count together."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Raises UploadTooLarge."""
        self._received += len(raw_data)
        if self._received > settings.UPLOAD_MAX_BYTES:
            raise UploadTooLarge(limit=settings.UPLOAD_MAX_BYTES)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler makes the file."""
