"""Published revisions, and what a change set does to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.flags.documents import FLAG, SEGMENT, references_of
from apps.flags.models import ChangeSet, Flag, Revision
from apps.kernel.features import DECLARED
from apps.kernel.tenant import HOME, current_database, current_tenant

from .differences import Difference, ThreeWayDifference, differences, three_way

Key = tuple[str, str]
"""Kind and key."""


def connection_of_platform() -> str:
    """Rows of the platform are read through `control` during the work of a tenant, whose role may not read them."""
    return "default" if current_tenant() is None and current_database() == HOME else "control"


def latest(kind: str, key: str) -> Revision | None:
    """The last published revision, even if it takes effect later."""
    return Revision.objects.published().filter(kind=kind, key=key).order_by("-id").first()


def latest_of(keys: Iterable[Key]) -> Mapping[Key, Revision]:
    wanted = set(keys)
    rows = Revision.objects.published().filter(key__in={key for _, key in wanted}).last_of_each_key()
    rows = rows.select_related("change_set")
    return {(row.kind, row.key): row for row in rows if (row.kind, row.key) in wanted}


def documents_of_platform() -> dict[Key, dict[str, Any]]:
    """The last published documents of its flags and segments, without those that were removed, and the documents of
    declared flags that have none."""
    documents = {(FLAG, key): flag.document for key, flag in DECLARED.items()}
    rows = Revision.objects.using(connection_of_platform()).published().filter(kind__in=(FLAG, SEGMENT))
    published = {(row.kind, row.key): row.document for row in rows.last_of_each_key()}
    return {key: document for key, document in {**documents, **published}.items() if document is not None}


def flag_of_platform(key: str) -> Flag | None:
    return Flag.objects.using(connection_of_platform()).filter(key=key).first()


def dependants(documents: Mapping[Key, Mapping[str, Any]], keys: Iterable[Key]) -> set[Key]:
    """The flags and segments whose documents name one of these, directly or through others."""
    named = {key: references_of(document) for key, document in documents.items()}
    reached = set(keys)
    wave = set(reached)
    while wave:
        wave = {key for key, references in named.items() if references & wave} - reached
        reached |= wave
    return reached - set(keys)


def change_set_with_id(change_set_id: int) -> ChangeSet | None:
    return ChangeSet.objects.filter(pk=change_set_id).first()


def revisions_of(change_set: ChangeSet) -> Sequence[Revision]:
    return list(change_set.revisions.select_related("base").order_by("kind", "key"))


def changes_of(change_set: ChangeSet) -> Sequence[tuple[Revision, Sequence[Difference]]]:
    """Its revisions, each with the differences from its base."""
    return [
        (revision, differences(revision.base.document if revision.base else None, revision.document))
        for revision in revisions_of(change_set)
    ]


def conflicts_of(change_set: ChangeSet) -> Sequence[tuple[Revision, Sequence[ThreeWayDifference]]]:
    """Its revisions whose base is no longer the last published revision."""
    revisions = revisions_of(change_set)
    published = latest_of((revision.kind, revision.key) for revision in revisions)
    return [
        (revision, three_way_of(revision, present))
        for revision in revisions
        if (present := published.get((revision.kind, revision.key))) is not None
        and present.pk not in (revision.base_id, revision.pk)
    ]


def three_way_of(revision: Revision, published: Revision | None) -> Sequence[ThreeWayDifference]:
    base = revision.base.document if revision.base else None
    return three_way(base, published.document if published else None, revision.document)


def drafts_on(keys: Iterable[Key]) -> Sequence[ChangeSet]:
    """Drafts with a revision of one of these."""
    wanted = set(keys)
    rows = Revision.objects.filter(
        change_set__state=ChangeSet.State.DRAFT, key__in={key for _, key in wanted}
    )
    ids = {row.change_set_id for row in rows if (row.kind, row.key) in wanted}
    return list(ChangeSet.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
