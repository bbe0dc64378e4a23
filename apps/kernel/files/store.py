"""Common rules of all object stores: files belong to a tenant, names are restricted, and no file is overwritten."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.tenant import current_tenant

PART = re.compile(r"\A[A-Za-z0-9_](?:[A-Za-z0-9_.,@+=() -]{0,178}[A-Za-z0-9_)])?\Z")
MAX_NAME_LENGTH = 400
LINK_LIFETIME_S = 300


class FileNameNotAllowed(Invalid):
    message = _(
        "{name!r} cannot be the name of a file here: write folder/name.ext in plain letters and digits."
    )


class FileIsMissing(NotFound):
    message = _("There is no file {name}.")


class FileNotWritable(Conflict):
    message = _("{name} cannot be opened for writing: a file is written once, by save().")


class LinkNotValid(Forbidden):
    """One message for forged, foreign and expired links, so that it reveals nothing."""

    message = _("This link is not valid here, or not any more.")


def file_name(name: str) -> str:
    """The name, if it is allowed. Raises FileNameNotAllowed."""
    if len(name) > MAX_NAME_LENGTH or not all(PART.match(part) for part in name.split("/")):
        raise FileNameNotAllowed(name=name)
    return name


def files() -> Files:
    """The store with the files of the current tenant."""
    return cast(Files, storages["default"])


def owner() -> str:
    """The folder of all files of the current tenant."""
    tenant = current_tenant()
    return f"tenant-{tenant.id}" if tenant else "platform"


class Files(Storage):
    """A private store with names relative to the current tenant, over one of Django's storages.

    `save` never replaces a file: if the name is taken, even by a concurrent process, it chooses and returns another
    one. There is no `path`, because there may be no local disk.
    """

    inner: Storage

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        chosen = file_name(name or getattr(content, "name", None) or "")
        return super().save(chosen, content, max_length=max_length)

    def exists(self, name: str) -> bool:
        return self.inner.exists(full_name(name))

    def delete(self, name: str) -> None:
        self.inner.delete(full_name(name))

    def listdir(self, path: str = "") -> tuple[list[str], list[str]]:
        """Folders and files directly in `path`, each sorted; empty if `path` does not exist."""
        try:
            folders, names = self.inner.listdir(full_name(path) if path else owner())
        except FileNotFoundError:
            return [], []
        return sorted(folders), sorted(names)

    def size(self, name: str) -> int:
        with _missing(name):
            return self.inner.size(full_name(name))

    def get_modified_time(self, name: str) -> dt.datetime:
        with _missing(name):
            return self.inner.get_modified_time(full_name(name))

    def url(self, name: str | None, expire: int = LINK_LIFETIME_S) -> str:
        """A link that downloads the file without further authentication, for `expire` seconds.

        In the store of a single node it is a path at the tenant's address, as `reverse` returns it.
        """
        raise NotImplementedError

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if mode not in ("r", "rb"):
            raise FileNotWritable(name=name)
        with _missing(name):
            return self.inner.open(full_name(name), "rb")

    def _save(self, name: str, content: File[Any]) -> str:
        return self.inner.save(full_name(name), content).removeprefix(f"{owner()}/")


def full_name(name: str) -> str:
    """The name in the underlying storage."""
    return f"{owner()}/{file_name(name)}"


@contextmanager
def _missing(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise FileIsMissing(name=name) from None
