"""Flags with published revisions, written without their commands, for tests of what comes after the publication."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from apps.flags.models import ChangeSet, Flag, Revision
from apps.kernel.clock import now

OWNER = "owner-of-flags@bursar.example"
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


def plan(*stages: tuple[float, float], **members: Any) -> dict[str, Any]:
    """Of stages as (percentage, hours)."""
    return {
        "unit": "company",
        "stages": [{"percentage": percentage, "dwell_s": hours * 3600} for percentage, hours in stages],
        **members,
    }


WEEK = plan((1.0, 24), (25.0, 48), (100.0, 72))


def flag(key: str = KEY, **fields: Any) -> Flag:
    values = {
        "category": "release",
        "value_type": "boolean",
        "owner": OWNER,
        "expires_on": now().date() + dt.timedelta(days=60),
        "created_at": now(),
        **fields,
    }
    return Flag.objects.get_or_create(key=key, defaults=values)[0]


def publish(
    served: dict[str, Any] | None,
    key: str = KEY,
    *,
    kind: str = "flag",
    effective_at: dt.datetime | None = None,
    state: str = "published",
) -> Revision:
    """The published revision (or, with `state`, the draft) of a flag or segment. Without a document it is retired."""
    if kind == "flag":
        flag(key)
    base = Revision.objects.filter(kind=kind, key=key, change_set__state="published").order_by("-pk").first()
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
    if state == ChangeSet.State.PUBLISHED:
        change_set.change(state=state, published_at=now())
    return revision
