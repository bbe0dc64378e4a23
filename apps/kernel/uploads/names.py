"""The normal form of a file name: one line, no path, with an extension in lower case."""

from __future__ import annotations

import re

from django.utils.translation import gettext

from apps.kernel.text import CharacterNotAllowed, one_line

from .errors import UploadNameNotAllowed

MAX_NAME_LENGTH = 120
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_RESERVED = re.compile(r'[/\\:*?"<>|]')
"""Parts of paths, and characters that a file system refuses."""


def upload_name(name: str) -> str:
    """The normal form of the name. Raises UploadNameNotAllowed."""
    if _CONTROL_CHARACTER.search(name):
        raise UploadNameNotAllowed(name=name, reason=gettext("it contains a control character"))
    try:
        normal = one_line(name, field="name")
    except CharacterNotAllowed as refusal:
        raise UploadNameNotAllowed(
            name=name, reason=gettext("it contains a character without meaning")
        ) from (refusal)
    if _RESERVED.search(normal):
        raise UploadNameNotAllowed(name=name, reason=gettext('it contains one of / \\ : * ? " < > |'))
    if len(normal) > MAX_NAME_LENGTH:
        reason = gettext("it has more than {limit} characters").format(limit=MAX_NAME_LENGTH)
        raise UploadNameNotAllowed(name=name, reason=reason)
    stem, dot, extension = normal.rpartition(".")
    if not dot or not stem.strip(". ") or stem.startswith(".") or not extension.isalnum():
        raise UploadNameNotAllowed(name=name, reason=gettext("write a name and an extension: receipt.pdf"))
    return f"{stem}.{extension.lower()}"


def extension_of(name: str) -> str:
    return name.rpartition(".")[2]
