"""The preview of a change set: computed tenant by tenant, then stored with it."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch, handles
from apps.flags import previews, queries
from apps.flags.commands import PreviewChangeSet, RecordPreview
from apps.flags.errors import ChangeSetFixed, ChangeSetNotFound
from apps.flags.models import ChangeSet
from apps.flags.rules import change_sets


def check_preview(command: PreviewChangeSet) -> ChangeSet:
    change_set = queries.change_set_with_id(command.change_set_id)
    if change_set is None:
        raise ChangeSetNotFound(change_set_id=command.change_set_id)
    if not change_set.is_draft:
        raise ChangeSetFixed(change_set_id=change_set.pk, state=change_set.get_state_display().lower())
    return change_set


@handles(PreviewChangeSet, dry_run=check_preview)
def preview_change_set(command: PreviewChangeSet) -> ChangeSet:
    preview = previews.preview_of(check_preview(command))
    stored: ChangeSet = dispatch(RecordPreview(change_set_id=command.change_set_id, preview=preview))
    return stored


@handles(RecordPreview)
def record_preview(command: RecordPreview) -> ChangeSet:
    change_set = change_sets.change_set_must_be_draft(command.change_set_id)
    preview: dict[str, Any] = command.preview
    change_set.change(preview=preview)
    return change_set
