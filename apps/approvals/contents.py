"""The content of a revision: what its digest covers, and how it is stored.

The fields of a command may be confidential, such as the name of a person to be erased. They are encrypted until the
request ends. The random number of the document keeps the digest from revealing short fields afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

from apps.bus import Command
from apps.bus.plain import from_json
from apps.bus.registry import handled
from apps.kernel.plain import to_whole
from apps.kernel.secrets import decrypt, encrypt

from .errors import ContentChanged

NONCE_BYTES = 16


@dataclass(frozen=True)
class Content:
    """A command with the revision of what it changes, and the text that the digest covers."""

    command: Command
    base_revision: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def sealed(self, request_id: int, number: int) -> str:
        return encrypt(self.text, _context(request_id, number))


def content_of(command: Command) -> Content:
    """With the present base revision."""
    base_revision = base_revision_of(command)
    document: dict[str, Any] = {
        "command": command.command_name(),
        "fields": to_whole(command),
        "base_revision": base_revision,
        "nonce": os.urandom(NONCE_BYTES).hex(),
    }
    return Content(command, base_revision, json.dumps(document, sort_keys=True, ensure_ascii=False))


def opened(sealed: str, digest: str, request_id: int, number: int) -> Content:
    """Raises ContentChanged when the text differs from the digest, SecretUnreadable without its key."""
    text = decrypt(sealed, _context(request_id, number))
    document = json.loads(text)
    content = Content(
        from_json({"command": document["command"], "fields": document["fields"]}),
        document["base_revision"],
        text,
    )
    if content.digest != digest:
        raise ContentChanged
    return content


def base_revision_of(command: Command) -> str:
    """Empty for a command that names none."""
    base_revision = handled(type(command)).base_revision
    return base_revision(command) if base_revision else ""


def _context(request_id: int, number: int) -> str:
    return f"approvals.revision:{request_id}.{number}"
