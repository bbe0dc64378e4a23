"""The object store of a single node: a folder, with signed links served by Bursar. Several nodes need a shared
store."""

from __future__ import annotations

from pathlib import Path

from django.core.files.storage import FileSystemStorage
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from apps.kernel.signed import Purpose

from .download import download
from .store import LINK_LIFETIME_S, Files, LinkNotValid, file_name, files

DOWNLOAD = Purpose("kernel.download", life_s=LINK_LIFETIME_S)


class LocalFiles(Files):
    """Files in a folder that only Bursar's processes may read."""

    def __init__(self, location: str | Path) -> None:
        self.inner = FileSystemStorage(
            location, directory_permissions_mode=0o700, file_permissions_mode=0o600
        )

    def url(self, name: str | None, expire: int = LINK_LIFETIME_S) -> str:
        return reverse("file", args=[DOWNLOAD.sign(life_s=expire, name=file_name(name or ""))])


def signed(token: str) -> str:
    """The name in the token. Raises LinkNotValid if it is forged, expired or belongs to another tenant."""
    claims = DOWNLOAD.claims_of(token)
    if claims is None:
        raise LinkNotValid
    return str(claims["name"])


def send(request: HttpRequest, token: str) -> HttpResponseBase:
    """The view of such a link. The file is always an attachment, because its content is untrusted."""
    name = signed(token)
    return download(files().open(name), name.rsplit("/", 1)[-1])
