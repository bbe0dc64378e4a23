"""Import of exported documents: one draft, or nothing."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.flags.commands import ImportFlags
from apps.flags.events import FeatureFlagCreated, FeatureFlagsProposed
from apps.flags.models import ChangeSet
from apps.flags.rules import imports

from .create_flag import registered
from .drafting import draft


@handles(ImportFlags, emits=(FeatureFlagCreated, FeatureFlagsProposed))
def import_flags(command: ImportFlags) -> ChangeSet:
    file = imports.file_must_be_readable(command.file)
    imports.new_flags_must_be_allowed(file)

    for flag in imports.new_flags(file):
        registered(**flag.row())
        publish(FeatureFlagCreated(key=flag.key, category=flag.category))
    return draft(
        imports.changed_items(file), command.reason, origin="import", effective_at=command.effective_at
    )
