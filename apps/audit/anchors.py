"""Where the head of the chain is written outside the database, since a chain alone cannot show that its end is cut.

An anchor only ever adds: a second head with the same number stands beside the first, and verifying finds both.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from functools import cache
from typing import Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.module_loading import import_string

from apps.kernel.files import files
from apps.kernel.tenant import current_tenant

from .models import Segment

FOLDER = "audit/heads"
DIGEST = 64
"""Letters of a SHA-256 in hexadecimal."""
log = logging.getLogger("bursar.audit")


class Anchor(Protocol):
    """A witness. `heads` is what it can tell when asked: (number, hash)."""

    def keep(self, segment: Segment) -> None: ...

    def heads(self) -> Iterable[tuple[int, str]]: ...


class InFiles:
    """An object for each head in the object store, which should be locked against deletion there."""

    def keep(self, segment: Segment) -> None:
        name = f"{FOLDER}/{segment.number:012}-{segment.hash}.json"
        if not files().exists(name):
            said = {
                "number": segment.number,
                "hash": segment.hash,
                "sealed_at": segment.sealed_at.isoformat(),
            }
            files().save(name, ContentFile(json.dumps(said).encode()))

    def heads(self) -> Iterable[tuple[int, str]]:
        """From the names alone: one listing however long the chain is. Of two who wrote the same head at once the store
        gave the second a longer name."""
        _, names = files().listdir(FOLDER)
        for name in names:
            number, _, hash_ = name.removesuffix(".json").partition("-")
            if number.isdigit():
                yield int(number), hash_[:DIGEST]


class InLog:
    """A line in the log, which leaves the machine by its own way. People compare it: `audit verify --head`."""

    def keep(self, segment: Segment) -> None:
        tenant = current_tenant()
        log.info(
            "The audit log of %s is sealed up to %s:%s.",
            tenant.slug if tenant else "the platform",
            segment.number,
            segment.hash,
        )

    def heads(self) -> Iterable[tuple[int, str]]:
        return ()


@cache
def anchors() -> list[Anchor]:
    return [import_string(path)() for path in settings.AUDIT_ANCHORS]


def keep_head() -> None:
    """Tell all witnesses the newest head. Whoever died before he told it is made up for by the next sealing."""
    head = Segment.objects.order_by("-number").first()
    if head is not None:
        for anchor in anchors():
            anchor.keep(head)


def heads() -> list[tuple[int, str]]:
    """Everything that the witnesses know."""
    return sorted({head for anchor in anchors() for head in anchor.heads()})
