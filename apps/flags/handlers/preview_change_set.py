"""The preview of a change set: computed tenant by tenant, then stored with it."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch, handles
from apps.flags import previews, queries
from apps.flags.commands import PreviewChangeSet, RecordPreview
from apps.flags.errors import ChangeSetFixed, ChangeSetNotFound
from apps.flags.models import ChangeSet
from apps.flags.rules import change_sets
from apps.flags.rules.publication import preview_must_be_computed_here


def check_preview(command: PreviewChangeSet) -> ChangeSet:
    change_set = queries.change_set_with_id(command.change_set_id)
    if change_set is None:
        raise ChangeSetNotFound(change_set_id=command.change_set_id)
    if not change_set.is_draft:
        raise ChangeSetFixed(change_set_id=change_set.pk, state=change_set.get_state_display().lower())
    return change_set


@handles(PreviewChangeSet, dry_run=check_preview)
def preview_change_set(command: PreviewChangeSet) -> ChangeSet:
    change_set = check_preview(command)
    preview = previews.sealed(change_set, previews.preview_of(change_set))
    stored: ChangeSet = dispatch(RecordPreview(change_set_id=command.change_set_id, preview=preview))
    return stored


@handles(RecordPreview)
def record_preview(command: RecordPreview) -> ChangeSet:
    change_set = change_sets.change_set_must_be_draft(command.change_set_id)
    preview: dict[str, Any] = command.preview
    preview_must_be_computed_here(change_set, preview)

    change_set.change(preview=preview)
    return change_set
