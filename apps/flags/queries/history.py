"""History of a flag, segment or override: its published revisions, and what each of them changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from apps.flags.models import Kill, Revision

from .differences import Difference, differences


@dataclass(frozen=True)
class HistoryEntry:
    """A published revision, and the differences from the one before it."""

    revision: Revision
    differences: Sequence[Difference]

    @property
    def reason(self) -> str:
        return self.revision.change_set.reason

    @property
    def author_name(self) -> str:
        return self.revision.change_set.author_name

    @property
    def effective_from(self) -> dt.datetime | None:
        change_set = self.revision.change_set
        instants = [at for at in (change_set.published_at, change_set.effective_at) if at]
        return max(instants, default=None)


def history(kind: str, key: str) -> Sequence[HistoryEntry]:
    """The newest first."""
    rows = Revision.objects.published().filter(kind=kind, key=key).select_related("change_set")
    entries: list[HistoryEntry] = []
    before = None
    for revision in rows.order_by("id"):
        entries.append(HistoryEntry(revision, differences(before, revision.document)))
        before = revision.document
    return entries[::-1]


def kills_of(key: str) -> Sequence[Kill]:
    """Of the current tenant or the platform, the newest first."""
    return list(Kill.objects.filter(key=key).order_by("-id"))


def unreviewed_kills() -> Sequence[Kill]:
    return list(Kill.objects.filter(reviewed_at=None).order_by("id"))
