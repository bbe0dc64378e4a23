"""Small valid files of every accepted type."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b"
)
WEBP = b"RIFF\x0e\x00\x00\x00WEBPVP8 \x02\x00\x00\x00\x00\x00"
TEXT = "Miete für März\n".encode("latin-1")
CSV = b"date,amount\n2026-01-09,12.50\n"


def png() -> bytes:
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def zipped(entries: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The entry `mimetype` is stored, as in documents."""
    with zipfile.ZipFile(to := io.BytesIO(), "w", compression) as package:
        for name, content in entries.items():
            package.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else compression)
    return to.getvalue()


_OFFICE = "application/vnd.openxmlformats-officedocument"


def ooxml(kind: str, more: Mapping[str, bytes] = {}, types: str = "") -> bytes:
    """`kind`: spreadsheetml.sheet or wordprocessingml.document."""
    content_types = f'<Types><Override ContentType="{_OFFICE}.{kind}.main+xml"/>{types}</Types>'
    return zipped({"[Content_Types].xml": content_types.encode(), "_rels/.rels": b"<Relationships/>", **more})


def xlsx(more: Mapping[str, bytes] = {}, types: str = "") -> bytes:
    return ooxml("spreadsheetml.sheet", {"xl/workbook.xml": b"<workbook/>", **more}, types)


def docx() -> bytes:
    return ooxml("wordprocessingml.document", {"word/document.xml": b"<document/>"})


def ods(more: Mapping[str, bytes] = {}) -> bytes:
    media_type = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped(
        {"mimetype": media_type, "content.xml": b"<content/>", "META-INF/manifest.xml": b"<m/>", **more}
    )


ACCEPTED: Mapping[str, tuple[bytes, str]] = {
    "receipt.pdf": (PDF, "application/pdf"),
    "photo.png": (png(), "image/png"),
    "photo.jpg": (JPEG, "image/jpeg"),
    "photo.jpeg": (JPEG, "image/jpeg"),
    "logo.gif": (GIF, "image/gif"),
    "photo.webp": (WEBP, "image/webp"),
    "note.txt": (TEXT, "text/plain"),
    "bank.csv": (CSV, "text/csv"),
    "sheet.xlsx": (xlsx(), f"{_OFFICE}.spreadsheetml.sheet"),
    "contract.docx": (docx(), f"{_OFFICE}.wordprocessingml.document"),
    "sheet.ods": (ods(), "application/vnd.oasis.opendocument.spreadsheet"),
}
"""Content and media type by name."""
