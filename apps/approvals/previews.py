"""What a command would do: its refusals, and the fields that it would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.bus import Command, dry_run
from apps.kernel.actors import Actor
from apps.kernel.authentication import Authentication, authenticated_by
from apps.kernel.clock import now
from apps.kernel.errors import Refusal
from apps.kernel.models import Change, collecting_changes


@dataclass(frozen=True)
class Preview:
    refusals: Sequence[Refusal]
    changes: Sequence[Change]


def preview(command: Command, actor: Actor) -> Preview:
    """By a dry run, whose changes are rolled back and not recorded. It needs no fresh authentication, since an approver
    reads it in place of the requester."""
    with collecting_changes() as changes, authenticated_by(Authentication(at=now())):
        refusals = dry_run(command, actor=actor)
    return Preview(refusals, list(changes))
