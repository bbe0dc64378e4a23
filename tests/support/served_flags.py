"""Flags that are served, written without their commands, for tests of what reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from apps.flags.models import ChangeSet, Kill, Revision
from apps.flags.store import freshness
from apps.kernel import features
from apps.kernel.clock import now
from apps.kernel.features import DeclaredFlag

KEY = "sales.new-order-screen"


def document(key: str = KEY, **members: Any) -> dict[str, Any]:
    """A boolean flag that is on for everyone."""
    return {
        "format": 1,
        "key": key,
        "type": "boolean",
        "variants": {"on": True, "off": False},
        "enabled": True,
        "off_variant": "off",
        "default_variant": "on",
        "rules": [],
        "rollout": None,
        "bucketer": "bursar-1",
        "salt": key,
        **members,
    }


def serve(
    served: dict[str, Any] | None,
    key: str = KEY,
    *,
    kind: str = "flag",
    effective_at: dt.datetime | None = None,
) -> Revision:
    """A published revision in the current tenant or of the platform; None removes it."""
    base = Revision.objects.published().filter(kind=kind, key=key).order_by("-pk").first()
    with transaction.atomic():
        change_set = ChangeSet.objects.create(
            reason="A test.",
            origin="edit",
            author_name="Tess",
            digest="0" * 64,
            made_at=now(),
            effective_at=effective_at,
        )
        revision: Revision = Revision.objects.create(
            change_set=change_set, kind=kind, key=key, base=base, document=served, digest="0" * 64
        )
        change_set.change(state=ChangeSet.State.PUBLISHED, published_at=now())
        freshness.changed()
    return revision


def narrow(key: str = KEY, **members: Any) -> Revision:
    """An override in the current tenant."""
    return serve({"format": 1, "key": key, **members}, key, kind="override")


def kill(key: str = KEY) -> Kill:
    with transaction.atomic():
        killed: Kill = Kill.objects.create(
            key=key, reason="It fails.", killed_at=now(), killed_by_name="Tess"
        )
        freshness.changed()
    return killed


@contextmanager
def declared(key: str = KEY, **fields: Any) -> Iterator[DeclaredFlag[Any]]:
    """A flag of the code, inside the block."""
    values = {
        "category": "release",
        "type": bool,
        "default": False,
        "description": "A test.",
        "owner": "tess@bursar.example",
        "expires_on": dt.date(2099, 12, 31),
        **fields,
    }
    try:
        yield features.declare_flag(key=key, **values)
    finally:
        features.DECLARED.pop(key, None)
