"""Cancellation of a change that waits for its date: the revisions before it are the latest ones again."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.flags import queries
from apps.flags.commands import CancelScheduledChange
from apps.flags.documents import FLAG
from apps.flags.errors import ReasonMissing
from apps.flags.events import FeatureFlagsChanged
from apps.flags.models import ChangeSet
from apps.flags.rules import change_sets
from apps.flags.rules.publication import publication_must_be_alone
from apps.flags.store import freshness
from apps.kernel.clock import now
from apps.kernel.reasons import reason_must_be_given

from .publish_change_set import note_in_register


@handles(CancelScheduledChange, emits=(FeatureFlagsChanged,))
def cancel_scheduled_change(command: CancelScheduledChange) -> ChangeSet:
    reason_must_be_given(command.reason, ReasonMissing)
    publication_must_be_alone()
    change_set, revisions = change_sets.scheduled_change_must_be_cancellable(command.change_set_id)
    keys = [(revision.kind, revision.key) for revision in revisions]

    change_set.become(ChangeSet.State.CANCELLED)
    for other in queries.drafts_on(keys):
        other.become(ChangeSet.State.VOID)
    for revision in revisions:
        if revision.kind == FLAG:
            note_in_register(revision.key, revision.base)
    freshness.changed()

    publish(
        FeatureFlagsChanged(
            change_set_id=change_set.pk,
            keys=tuple(f"{kind}:{key}" for kind, key in keys),
            effective_at=now(),
        )
    )
    return change_set
