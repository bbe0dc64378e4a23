"""Publication of a change set: its revisions are served, and other drafts from their bases become void."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.bus import dispatch, handles
from apps.events import publish
from apps.flags import queries
from apps.flags.commands import PublishChangeSet, RollOutFlag
from apps.flags.documents import FLAG, canonical, targeting_of
from apps.flags.errors import ReasonMissing
from apps.flags.events import FeatureFlagRolledOut, FeatureFlagsChanged
from apps.flags.models import ChangeSet, Flag, Revision
from apps.flags.rules import change_sets, rollouts
from apps.flags.rules.publication import base_of_publication, publication_must_be_possible
from apps.flags.store import freshness
from apps.kernel.clock import now
from apps.kernel.models import Change, record_change
from apps.kernel.reasons import reason_must_be_given

State = ChangeSet.State


def check_publication(command: PublishChangeSet) -> ChangeSet:
    """The dry run, which shows approvers the differences and the effect. The publication itself needs an approval in
    the database."""
    reason_must_be_given(command.reason, ReasonMissing)
    change_set, _ = publication_must_be_possible(command)
    if change_set.preview is not None:
        effect = queries.effect_in_words(change_set.preview)
        record_change(Change(f"flags.changeset:{change_set.pk}", gettext("effect"), None, effect))
    _record_differences(change_set)
    return change_set


@handles(
    PublishChangeSet,
    emits=(FeatureFlagsChanged,),
    dry_run=check_publication,
    base_revision=base_of_publication,
)
def publish_change_set(command: PublishChangeSet) -> ChangeSet:
    reason_must_be_given(command.reason, ReasonMissing)
    change_set, revisions = publication_must_be_possible(command)
    keys = [(revision.kind, revision.key) for revision in revisions]

    at = now()
    change_set.become(State.PUBLISHED, at)
    for other in queries.drafts_on(keys):
        other.become(State.VOID)
    _record_differences(change_set)
    for revision in revisions:
        if revision.kind == FLAG:
            note_in_register(revision.key, revision)
            _roll_out(revision)
    freshness.changed()

    publish(
        FeatureFlagsChanged(
            change_set_id=change_set.pk,
            keys=tuple(f"{kind}:{key}" for kind, key in keys),
            effective_at=max(at, change_set.effective_at or at),
        )
    )
    return change_set


@handles(RollOutFlag, emits=(FeatureFlagRolledOut,))
def roll_out_flag(command: RollOutFlag) -> Flag:
    if command.change_set_id:
        change_sets.change_set_must_be_published_now(command.change_set_id)
    else:
        rollouts.targeting_must_be_served(command.key, command.targeting)
    flag = Flag.objects.get(key=command.key)
    name = f"feature_flag:{flag.key}"
    record_change(Change(name, "targeting", canonical(command.before), canonical(command.targeting)))
    publish(FeatureFlagRolledOut(flag=flag.key, targeting=command.targeting))
    return flag


def _record_differences(change_set: ChangeSet) -> None:
    """Field by field, in the audit record of the publication."""
    for revision, differences in queries.changes_of(change_set):
        name = f"flags.{revision.kind}:{revision.key}"
        for one in differences:
            record_change(Change(name, one.place, one.before, one.after))


def note_in_register(key: str, revision: Revision | None) -> None:
    """A flag whose latest revision has no document is retired. A restored one is not."""
    flag = Flag.objects.select_for_update().get(key=key)
    document = revision.document if revision else None
    is_retired = revision is not None and document is None
    flag.change(
        retired_at=(flag.retired_at or now()) if is_retired else None,
        posting=bool(document and document.get("posting")),
    )


def _roll_out(revision: Revision) -> None:
    before = targeting_of(revision.base.document if revision.base else None)
    after = targeting_of(revision.document)
    if before != after:
        command = RollOutFlag(
            key=revision.key, before=before, targeting=after, change_set_id=revision.change_set_id
        )
        dispatch(command)
