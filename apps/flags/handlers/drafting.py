"""A new draft: validated as a whole, stored with its revisions, and its effect computed after the commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.events import publish
from apps.flags import previews
from apps.flags.commands import ItemChange
from apps.flags.documents import digest_of
from apps.flags.errors import ReasonMissing
from apps.flags.events import FeatureFlagsProposed
from apps.flags.models import ChangeSet, Revision
from apps.flags.rules import change_sets, documents
from apps.kernel.actors import acting
from apps.kernel.clock import now
from apps.kernel.reasons import reason_must_be_given


def draft(
    items: Sequence[ItemChange],
    reason: str,
    *,
    origin: str,
    effective_at: dt.datetime | None = None,
    replaces: ChangeSet | None = None,
) -> ChangeSet:
    reason = reason_must_be_given(reason, ReasonMissing)
    change_sets.effect_must_be_in_the_future(effective_at)
    change_sets.items_must_be_allowed_here(items)
    bases = change_sets.bases_must_be_latest(items)
    change_sets.scheduled_changes_must_retain_their_dates(bases, effective_at)
    change_sets.documents_must_differ(items, bases)
    warnings = documents.documents_must_be_valid(items)

    revisions = [
        Revision(
            kind=item.kind,
            key=item.key,
            base=bases.get((item.kind, item.key)),
            document=item.document,
            digest=digest_of(item.document),
        )
        for item in items
    ]
    change_set = ChangeSet(
        reason=reason,
        origin=origin,
        digest=change_sets.digest_of_content(revisions, effective_at, origin),
        warnings=warnings,
        effective_at=effective_at,
        replaces=replaces,
    )
    _store(change_set, revisions)

    publish(FeatureFlagsProposed(change_set_id=change_set.pk))
    previews.compute_after_commit(change_set)
    return change_set


def _store(change_set: ChangeSet, revisions: Sequence[Revision]) -> None:
    author = acting()
    change_set.author_id = author.pk if author else None
    change_set.author_name = str(author)[:200]
    change_set.made_at = now()
    change_set.save()
    for revision in revisions:
        revision.change_set = change_set
    Revision.objects.bulk_create(revisions)
