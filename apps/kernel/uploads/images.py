"""Images: the whole file is the image, so nothing can be appended to it."""

from __future__ import annotations

from typing import IO

from django.utils.translation import gettext

from .errors import UploadDocumentNotAllowed
from .scanning import head_of, tail_of

MAX_BLOCKS = 200_000
"""Of a PNG or a GIF. One of 20 MB has 80,000 when each is full."""

_GIF_HEADER_BYTES = 13
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


class _Blocks:
    """Counts the blocks of an image. Raises UploadDocumentNotAllowed beyond MAX_BLOCKS."""

    def __init__(self, name: str) -> None:
        self.name, self.number = name, 0

    def count(self) -> None:
        self.number += 1
        if self.number > MAX_BLOCKS:
            reason = gettext("it has more than {limit:,} blocks").format(limit=MAX_BLOCKS)
            raise UploadDocumentNotAllowed(name=self.name, reason=reason)


def is_png(name: str, content: IO[bytes]) -> bool:
    """Chunk by chunk to IEND, the last. Raises UploadDocumentNotAllowed."""
    if head_of(content, 8) != b"\x89PNG\r\n\x1a\n":
        return False
    length, at, blocks = content.seek(0, 2), 8, _Blocks(name)
    while at + 12 <= length:
        blocks.count()
        content.seek(at)
        header = content.read(8)
        kind = header[4:]
        if at == 8 and kind != b"IHDR":
            return False
        at += 12 + int.from_bytes(header[:4])
        if kind == b"IEND":
            return at == length
    return False


def is_jpeg(name: str, content: IO[bytes]) -> bool:
    """Cameras append zeros."""
    tail = tail_of(content, 4096).rstrip(b"\0")
    return head_of(content, 3) == b"\xff\xd8\xff" and tail.endswith(b"\xff\xd9")


def is_webp(name: str, content: IO[bytes]) -> bool:
    head, length = head_of(content, 12), content.seek(0, 2)
    return head[:4] == b"RIFF" and head[8:] == b"WEBP" and int.from_bytes(head[4:8], "little") + 8 == length


def is_gif(name: str, content: IO[bytes]) -> bool:
    """Block by block to the trailer, the last byte. Raises UploadDocumentNotAllowed."""
    blocks = _Blocks(name)
    head, length = head_of(content, _GIF_HEADER_BYTES), content.seek(0, 2)
    if head[:6] not in (b"GIF87a", b"GIF89a") or len(head) < _GIF_HEADER_BYTES:
        return False
    content.seek(_GIF_HEADER_BYTES + _colours(head[10]))
    while block := content.read(1):
        blocks.count()
        if block[0] == _GIF_END:
            return content.seek(0, 1) == length
        if block[0] == _GIF_EXTENSION:
            content.seek(1, 1)
        elif block[0] == _GIF_IMAGE:
            descriptor = content.read(9)
            if len(descriptor) < 9:
                return False
            content.seek(_colours(descriptor[8]) + 1, 1)
        else:
            return False
        _skip_blocks(content, blocks)
    return False


def _colours(flags: int) -> int:
    """The bytes of the table of colours."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(content: IO[bytes], blocks: _Blocks) -> None:
    while (size := content.read(1)) and size != b"\0":
        blocks.count()
        content.seek(size[0], 1)
