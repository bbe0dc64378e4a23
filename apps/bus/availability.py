"""Commands are refused in a tenant that is closed for writing."""

from __future__ import annotations

from typing import Any

from apps.kernel.actors import Steward
from apps.kernel.availability import must_write

from .envelope import Envelope, Next


def availability(envelope: Envelope, next: Next) -> Any:
    """Raises the refusal of a suspended, archived or read-only tenant, at every entry point. Sagas of the platform and
    `runs_while_closed` commands continue."""
    if not (envelope.nested or envelope.command.runs_while_closed or isinstance(envelope.actor, Steward)):
        must_write()
    return next(envelope)
