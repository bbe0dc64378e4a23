"""Anchors: copies of the head of the chain outside the database, because a chain alone does not show a cut tail.

An anchor is append-only: a second head with the same number is added to the first, and verification finds both.
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

from apps.kernel.files.store import files
from apps.kernel.notation import is_whole_number
from apps.kernel.tenant import current_tenant

from .models import Segment

FOLDER = "audit/heads"
DIGEST = 64
"""Length of a SHA-256 in hexadecimal."""
log = logging.getLogger("bursar.audit")


class Anchor(Protocol):
    """A copy of heads outside the database. `heads` returns those it can read back: (number, hash)."""

    def write(self, segment: Segment) -> None: ...

    def heads(self) -> Iterable[tuple[int, str]]: ...


class InFiles:
    """One object for each head in the object store, which should be locked against deletion there."""

    def write(self, segment: Segment) -> None:
        name = f"{FOLDER}/{segment.number:012}-{segment.hash}.json"
        if not files().exists(name):
            content = {
                "number": segment.number,
                "hash": segment.hash,
                "sealed_at": segment.sealed_at.isoformat(),
            }
            files().save(name, ContentFile(json.dumps(content).encode()))

    def heads(self) -> Iterable[tuple[int, str]]:
        """From the names alone: one listing for a chain of any length. When two processes wrote the same head at once,
        the store gave the second object a longer name."""
        _, names = files().listdir(FOLDER)
        for name in names:
            number, _, hash_ = name.removesuffix(".json").partition("-")
            if is_whole_number(number):
                yield int(number), hash_[:DIGEST]


class InLog:
    """A log line, which is shipped off the machine. Operators compare it by `manage.py audit verify --head`."""

    def write(self, segment: Segment) -> None:
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


def anchor_head() -> None:
    """Write the newest head to all anchors. After a crash in between, the next sealing does so."""
    head = Segment.objects.order_by("-number").first()
    if head is not None:
        for anchor in anchors():
            anchor.write(head)


def heads() -> list[tuple[int, str]]:
    """The heads that the anchors can read back."""
    return sorted({head for anchor in anchors() for head in anchor.heads()})
