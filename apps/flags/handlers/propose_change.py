"""Drafts: of an edit, of a restored revision, and their withdrawal."""

from __future__ import annotations

from apps.bus import handles
from apps.flags import queries
from apps.flags.commands import ItemChange, ProposeChange, RestoreRevision, UpdateFlag, WithdrawChangeSet
from apps.flags.documents import FLAG
from apps.flags.errors import ReasonMissing
from apps.flags.events import FeatureFlagsProposed
from apps.flags.models import ChangeSet
from apps.flags.rules import change_sets
from apps.kernel.reasons import reason_must_be_given

from .drafting import draft

State = ChangeSet.State


@handles(ProposeChange, emits=(FeatureFlagsProposed,))
def propose_change(command: ProposeChange) -> ChangeSet:
    replaced = change_sets.change_set_must_be_draft(command.replaces) if command.replaces else None
    if replaced:
        replaced.become(State.WITHDRAWN)
    return draft(
        command.items,
        command.reason,
        origin=command.origin,
        effective_at=command.effective_at,
        replaces=replaced,
    )


@handles(UpdateFlag, emits=(FeatureFlagsProposed,))
def update_flag(command: UpdateFlag) -> ChangeSet:
    item = ItemChange(FLAG, command.key, command.document, command.base)
    return draft([item], command.reason, origin="edit", effective_at=command.effective_at)


@handles(RestoreRevision, emits=(FeatureFlagsProposed,))
def restore_revision(command: RestoreRevision) -> ChangeSet:
    restored = change_sets.revision_must_be_published(command.revision_id)
    present = queries.latest(restored.kind, restored.key)
    item = ItemChange(restored.kind, restored.key, restored.document, present.pk if present else 0)
    return draft([item], command.reason, origin="restore", effective_at=command.effective_at)


@handles(WithdrawChangeSet)
def withdraw_change_set(command: WithdrawChangeSet) -> ChangeSet:
    reason_must_be_given(command.reason, ReasonMissing)
    change_set = change_sets.change_set_must_be_draft(command.change_set_id)

    change_set.become(State.WITHDRAWN)
    return change_set
