"""The revision of a flag that is served."""

from __future__ import annotations

import datetime as dt

from django.db.models.functions import Coalesce, Greatest

from apps.flags.models import ChangeSet, Revision
from apps.kernel.clock import now


def served_revision(key: str, at: dt.datetime | None = None) -> Revision | None:
    """The last one that is published and effective."""
    effective = Greatest(
        "change_set__published_at", Coalesce("change_set__effective_at", "change_set__published_at")
    )
    published = Revision.objects.filter(
        kind=Revision.Kind.FLAG, key=key, change_set__state=ChangeSet.State.PUBLISHED
    )
    return published.alias(effective=effective).filter(effective__lte=at or now()).order_by("-pk").first()
