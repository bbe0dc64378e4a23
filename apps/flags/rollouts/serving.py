"""The revisions of flags that are served."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Greatest

from apps.flags.models import ChangeSet, Revision
from apps.kernel.clock import now

EFFECTIVE = Greatest(
    "change_set__published_at", Coalesce("change_set__effective_at", "change_set__published_at")
)


@dataclass(frozen=True)
class Served:
    """The document of a flag, and since when it is served."""

    document: Mapping[str, Any] | None
    since: dt.datetime


def served_revision(key: str, at: dt.datetime | None = None) -> Revision | None:
    """The last one that is published and effective."""
    return _effective(at).filter(key=key).order_by("-pk").first()


def served_revisions(at: dt.datetime | None = None) -> Mapping[str, Served]:
    """By key, in one query."""
    latest = _effective(at).order_by("key", "-pk").distinct("key").select_related("change_set")
    return {revision.key: Served(revision.document, _since(revision.change_set)) for revision in latest}


def _since(change_set: ChangeSet) -> dt.datetime:
    instants = [at for at in (change_set.published_at, change_set.effective_at) if at]
    return max(instants)


def _effective(at: dt.datetime | None) -> QuerySet[Revision]:
    published = Revision.objects.filter(kind=Revision.Kind.FLAG, change_set__state=ChangeSet.State.PUBLISHED)
    return published.alias(effective=EFFECTIVE).filter(effective__lte=at or now())
