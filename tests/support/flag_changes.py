"""Changes of flags by their commands: created, proposed, published, killed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from apps.bus import dispatch
from apps.flags import queries
from apps.flags.commands import CreateFlag, ItemChange, KillFlag, ProposeChange, PublishChangeSet
from apps.flags.models import ChangeSet, Kill
from apps.kernel.actors import Actor
from apps.kernel.clock import today

from .published_flags import KEY, OWNER, document

REASON = "As agreed with the team of sales"
HALF = {"unit": "user", "percentage": 50.0}
FOR_CONTROLLERS = [
    {
        "name": "controllers",
        "when": {"attribute": "roles", "op": "in", "values": ["controller"]},
        "serve": "on",
    }
]


def creation(key: str = KEY, **fields: Any) -> CreateFlag:
    values: dict[str, Any] = {
        "category": "release",
        "description": "The new screen of orders.",
        "owner": OWNER,
        "expires_on": today() + dt.timedelta(days=40),
        "document": document(key),
        "reason": REASON,
    }
    return CreateFlag(key=key, **{**values, **fields})


def created(actor: Actor, key: str = KEY, **fields: Any) -> ChangeSet:
    """A new flag; returns its first draft."""
    dispatch(creation(key, **fields), actor=actor)
    return ChangeSet.objects.order_by("-pk")[0]


def item(kind: str, key: str, content: dict[str, Any] | None) -> ItemChange:
    """Edited from the last published revision."""
    base = queries.latest(kind, key)
    return ItemChange(kind, key, content, base.pk if base else 0)


def changed(key: str = KEY, **members: Any) -> ItemChange:
    return item("flag", key, document(key, **members))


def narrowed(key: str = KEY, **members: Any) -> ItemChange:
    return item("override", key, {"format": 1, "key": key, **members})


def segment(key: str, when: dict[str, Any] | None) -> ItemChange:
    return item("segment", key, None if when is None else {"format": 1, "key": key, "when": when})


def proposed(actor: Actor, *items: ItemChange, **fields: Any) -> ChangeSet:
    change_set: ChangeSet = dispatch(ProposeChange(items=items, reason=REASON, **fields), actor=actor)
    return change_set


def publication(change_set: ChangeSet) -> PublishChangeSet:
    return PublishChangeSet(change_set_id=change_set.pk, reason=REASON)


def published(actor: Actor, *items: ItemChange, **fields: Any) -> ChangeSet:
    """Proposed and published, where no approval is required."""
    change_set: ChangeSet = dispatch(publication(proposed(actor, *items, **fields)), actor=actor)
    return change_set


def served_flag(actor: Actor, key: str = KEY, **members: Any) -> ChangeSet:
    """A new flag with a published revision."""
    fields = {"document": document(key, **members)} if members else {}
    change_set: ChangeSet = dispatch(publication(created(actor, key, **fields)), actor=actor)
    return change_set


def killed(actor: Actor, key: str = KEY) -> Kill:
    kill: Kill = dispatch(KillFlag(key=key, reason="Orders fail"), actor=actor)
    return kill
