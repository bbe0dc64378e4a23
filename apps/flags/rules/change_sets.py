"""Validation of change sets: what may be proposed, and where."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext

from apps.audit.transaction_id import CurrentTransaction
from apps.flags import queries
from apps.flags.commands import ItemChange
from apps.flags.documents import FLAG, OVERRIDE, canonical, digest_of
from apps.flags.errors import (
    ChangeContinued,
    ChangeScheduled,
    ChangeSetFixed,
    ChangeSetNotFound,
    DuplicateChange,
    EffectiveInThePast,
    FlagConflict,
    FlagsAreOfThePlatform,
    NothingChanged,
    NotScheduled,
    RevisionNotFound,
)
from apps.flags.models import ChangeSet, Revision
from apps.flags.queries import ThreeWayDifference
from apps.kernel.clock import now
from apps.kernel.errors import Refusal, raise_all
from apps.kernel.notation.shown import shown_instant
from apps.kernel.tenant import current_tenant

from .register import flag_must_exist


def items_must_be_allowed_here(items: Sequence[ItemChange]) -> None:
    """Flags and segments on the platform, overrides in a tenant; of flags that exist, and each of them once."""
    if not items:
        raise NothingChanged
    is_tenant = current_tenant() is not None
    for item in items:
        if item.kind not in Revision.Kind.values or (item.kind == OVERRIDE) != is_tenant:
            raise FlagsAreOfThePlatform(kind=item.kind)
        if item.kind in (FLAG, OVERRIDE):
            flag_must_exist(item.key)
    for (kind, key), count in Counter((item.kind, item.key) for item in items).items():
        if count > 1:
            raise DuplicateChange(kind=kind, key=key)


def bases_must_be_latest(items: Sequence[ItemChange]) -> dict[tuple[str, str], Revision]:
    """The bases by kind and key. Raises FlagConflict, with a three-way diff, for each that is not the last published
    revision."""
    published = queries.latest_of((item.kind, item.key) for item in items)
    refusals: list[Refusal] = []
    for item in items:
        present = published.get((item.kind, item.key))
        if (present.pk if present else 0) != item.base:
            base = Revision.objects.filter(pk=item.base, kind=item.kind, key=item.key).first()
            merged = queries.three_way(
                base.document if base else None, present.document if present else None, item.document
            )
            refusals.append(base_has_moved(item.key, present, merged))
    raise_all(refusals)
    return dict(published)


def base_has_moved(
    key: str, published: Revision | None, merged: Sequence[ThreeWayDifference]
) -> FlagConflict:
    where = ", ".join(one.place or "/" for one in merged if one.is_conflict)
    name = gettext("revision {pk}").format(pk=published.pk) if published else gettext("a removal")
    why = gettext("{revision} was published meanwhile.").format(revision=name)
    if where:
        why += " " + gettext("Both change {places}.").format(places=where)
    return FlagConflict(key=key, why=why, diff=canonical([one._asdict() for one in merged]))


def scheduled_changes_must_retain_their_dates(
    bases: dict[tuple[str, str], Revision], effective_at: dt.datetime | None
) -> None:
    """An edit of a revision that waits for its date contains that revision's content, so it takes effect no earlier."""
    instant = now()
    raise_all(
        [
            ChangeScheduled(key=base.key, change_set_id=base.change_set_id, effective_at=shown_instant(date))
            for base in bases.values()
            if base.change_set.is_waiting(instant)
            and (date := base.change_set.effective_at)
            and (effective_at is None or effective_at < date)
        ]
    )


def scheduled_change_must_be_cancellable(change_set_id: int) -> tuple[ChangeSet, Sequence[Revision]]:
    """It waits for its date, and no later publication is based on it."""
    change_set = change_set_must_exist(change_set_id)
    if not change_set.is_waiting(now()):
        state = change_set.get_state_display().lower()
        raise NotScheduled(change_set_id=change_set.pk, state=state)
    revisions = queries.revisions_of(change_set)
    published = queries.latest_of((row.kind, row.key) for row in revisions)
    for row in revisions:
        latest = published[row.kind, row.key]
        if latest.pk != row.pk:
            raise ChangeContinued(change_set_id=change_set.pk, other_id=latest.change_set_id)
    return change_set, revisions


def documents_must_differ(items: Sequence[ItemChange], bases: dict[tuple[str, str], Revision]) -> None:
    for item in items:
        base = bases.get((item.kind, item.key))
        if canonical(base.document if base else None) != canonical(item.document):
            return
    raise NothingChanged


def effect_must_be_in_the_future(effective_at: dt.datetime | None) -> None:
    if effective_at is not None and effective_at <= now():
        raise EffectiveInThePast


def change_set_must_exist(change_set_id: int) -> ChangeSet:
    """Locks the change set."""
    change_set = ChangeSet.objects.select_for_update().filter(pk=change_set_id).first()
    if change_set is None:
        raise ChangeSetNotFound(change_set_id=change_set_id)
    return change_set


def change_set_must_be_draft(change_set_id: int) -> ChangeSet:
    change_set = change_set_must_exist(change_set_id)
    if not change_set.is_draft:
        raise ChangeSetFixed(change_set_id=change_set.pk, state=change_set.get_state_display().lower())
    return change_set


def revision_must_be_published(revision_id: int) -> Revision:
    revision = Revision.objects.published().filter(pk=revision_id).first()
    if revision is None:
        raise RevisionNotFound(revision_id=revision_id)
    return revision


def digest_of_content(revisions: Sequence[Revision], effective_at: dt.datetime | None, origin: str) -> str:
    """Of the kinds, keys, bases and documents of a change set, and of when it takes effect."""
    rows = sorted((row.kind, row.key, row.base_id or 0, digest_of(row.document)) for row in revisions)
    return digest_of([rows, effective_at.isoformat() if effective_at else None, origin])


def change_set_must_be_published_now(change_set_id: int) -> ChangeSet:
    """By the current transaction."""
    change_set = ChangeSet.objects.filter(pk=change_set_id, published_xid=CurrentTransaction()).first()
    if change_set is None:
        raise ChangeSetNotFound(change_set_id=change_set_id)
    return change_set
