"""The object store of a single node: a folder, with signed links served by Bursar. Several nodes need a shared
store."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.core.files.storage import FileSystemStorage
from django.core.signing import BadSignature, TimestampSigner
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import reverse

from apps.kernel import clock

from .store import LINK_LIFETIME_S, Files, LinkNotValid, file_name, files, owner


class LocalFiles(Files):
    """Files in a folder that only Bursar's processes may read."""

    def __init__(self, location: str | Path) -> None:
        self.inner = FileSystemStorage(
            location, directory_permissions_mode=0o700, file_permissions_mode=0o600
        )

    def url(self, name: str | None, expire: int = LINK_LIFETIME_S) -> str:
        until = clock.now() + dt.timedelta(seconds=expire)
        return reverse("file", args=[sign(file_name(name or ""), until)])


def sign(name: str, until: dt.datetime) -> str:
    """A token for one file of the current tenant."""
    return _signer().sign_object([owner(), name, until.timestamp()], compress=False)


def signed(token: str) -> str:
    """The name in the token. Raises LinkNotValid if it is forged, expired or belongs to another tenant."""
    try:
        tenant_folder, name, until = _signer().unsign_object(token)
    except (BadSignature, ValueError):
        raise LinkNotValid from None
    if tenant_folder != owner() or clock.now().timestamp() >= until:
        raise LinkNotValid
    return str(name)


def send(request: HttpRequest, token: str) -> HttpResponseBase:
    """The view of such a link. The file is always an attachment, because its content is untrusted."""
    name = signed(token)
    response = FileResponse(files().open(name), as_attachment=True, filename=name.rsplit("/", 1)[-1])
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="apps.kernel.files")
