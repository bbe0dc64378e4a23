"""The published revisions of the platform, and its kills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from apps.flags.engine import Entry
from apps.flags.models import ChangeSet, Epoch, Kill, Revision
from apps.flags.rollouts import stages
from apps.kernel.cache.caching import Cached
from apps.kernel.clock import now
from apps.kernel.features import DECLARED, DeclaredFlag
from apps.kernel.tenant import HOME, current_database, current_tenant

CACHE_TTL_S = 60
AREA = "flags-of-platform"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Stored:
    """A published revision. Without a document it removes the flag or segment."""

    key: str
    revision: int
    document: dict[str, Any] | None
    published_at: dt.datetime
    effective_at: dt.datetime | None


@dataclass(frozen=True)
class Platform:
    """What the platform serves, and will serve, with the percentages that rollouts have reached."""

    epoch: int
    flags: tuple[Stored, ...]
    segments: tuple[Stored, ...]
    killed: dict[str, dt.datetime]

    def flag_entries(self) -> Sequence[Entry]:
        """The declared defaults, which are served before the first revision of a flag begins and after its retirement;
        the published revisions; and the kills of flags that no app declares."""
        declared = [
            Entry(flag.document, killed=key in self.killed, key=key) for key, flag in DECLARED.items()
        ]
        unknown = [Entry(None, killed=True, key=key) for key in self.killed if key not in DECLARED]
        return [
            *declared,
            *unknown,
            *(self._entry(stored, DECLARED.get(stored.key)) for stored in self.flags),
        ]

    def segment_entries(self) -> Sequence[Entry]:
        return [self._entry(stored) for stored in self.segments]

    def _entry(self, stored: Stored, declared: DeclaredFlag[Any] | None = None) -> Entry:
        document = stored.document
        if document is None and declared is not None:
            document = declared.document
        return Entry(
            document,
            revision=stored.revision,
            killed=stored.key in self.killed,
            effective_at=stored.effective_at,
            published_at=stored.published_at,
            key=stored.key,
        )


def connection_of_platform() -> str:
    """Rows of the platform are read through `control` during the work of a tenant, whose role may not read them."""
    return "default" if current_tenant() is None and current_database() == HOME else "control"


def _load(_: str) -> Platform:
    using = connection_of_platform()
    kinds = served_in(using, stages.reached(using=using))
    return Platform(
        epoch_in(using),
        kinds[Revision.Kind.FLAG],
        kinds[Revision.Kind.SEGMENT],
        killed_in(using),
    )


cached: Cached[str, Platform] = Cached(AREA, _load, shape=Platform, ttl=CACHE_TTL_S, of="public")


def at(instant: dt.datetime) -> Platform:
    """What the platform served at a past instant."""
    using = connection_of_platform()
    latest = _published(using).filter(served_from__lte=instant).last_of_each_key()
    kinds = _by_kind(latest, stages.reached(instant, using=using))
    return Platform(
        epoch_in(using),
        kinds[Revision.Kind.FLAG],
        kinds[Revision.Kind.SEGMENT],
        killed_in(using, instant),
    )


def overrides_at(instant: dt.datetime) -> tuple[Stored, ...]:
    """Those that the current tenant had at a past instant."""
    latest = _published("default").filter(served_from__lte=instant).last_of_each_key()
    return _by_kind(latest, NOTHING)[Revision.Kind.OVERRIDE]


def epoch_in(using: str) -> int:
    return Epoch.objects.using(using).values_list("value", flat=True).first() or 0


def killed_in(using: str, at: dt.datetime | None = None) -> dict[str, dt.datetime]:
    """The keys of killed flags with the instant of their kill, at present or at an earlier instant."""
    active = Q(revived_at=None) if at is None else Q(killed_at__lte=at) & ~Q(revived_at__lte=at)
    kills = Kill.objects.using(using).filter(active)
    return dict(kills.values_list("key", "killed_at"))


def served_in(using: str, reached: Mapping[str, Any] = NOTHING) -> Mapping[str, tuple[Stored, ...]]:
    """The revision of each key that is served now, and those that take effect later."""
    published, instant = _published(using), now()
    present = published.filter(served_from__lte=instant).last_of_each_key()
    future = published.filter(served_from__gt=instant)
    return _by_kind(_not_replaced([*present, *future]), reached)


def _not_replaced(revisions: Sequence[Any]) -> list[Any]:
    """Without those that a later publication replaces before or when their date comes."""
    remaining: dict[tuple[str, str], list[Any]] = {}
    for revision in sorted(revisions, key=lambda revision: revision.pk, reverse=True):
        later = remaining.setdefault((revision.kind, revision.key), [])
        if not later or revision.served_from < later[-1].served_from:
            later.append(revision)
    return [revision for of_key in remaining.values() for revision in reversed(of_key)]


def _published(using: str) -> Any:
    """With `served_from`: its date, or its publication if that was later."""
    published = F("change_set__published_at")
    return (
        Revision.objects.using(using)
        .filter(change_set__state=ChangeSet.State.PUBLISHED)
        .select_related("change_set")
        .annotate(served_from=Greatest(Coalesce(F("change_set__effective_at"), published), published))
    )


def _by_kind(
    revisions: Sequence[Revision] | QuerySet[Revision], reached: Mapping[str, Any]
) -> Mapping[str, tuple[Stored, ...]]:
    kinds: dict[str, list[Stored]] = {kind: [] for kind in Revision.Kind}
    for revision in revisions:
        kinds[revision.kind].append(_stored(revision, reached))
    return {kind: tuple(stored) for kind, stored in kinds.items()}


def _stored(revision: Revision, reached: Mapping[str, Any]) -> Stored:
    published_at = revision.change_set.published_at
    assert published_at is not None  # noqa: S101 - a constraint of the table
    document = revision.document
    if document is not None and revision.kind == Revision.Kind.FLAG:
        document = dict(stages.merged(document, reached.get(revision.key)))
    return Stored(revision.key, revision.pk, document, published_at, revision.change_set.effective_at)
