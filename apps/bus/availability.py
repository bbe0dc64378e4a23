"""Is the tenant one in which anything is changed at present?"""

from __future__ import annotations

from typing import Any

from apps.kernel.actors import Steward
from apps.kernel.availability import must_write

from .envelope import Envelope, Next


def availability(envelope: Envelope, next: Next) -> Any:
    """Raises what a tenant answers that does not write: suspended, archived, read only. Whichever door it was, and
    whoever asked; but sagas of the platform and `runs_while_closed` commands continue."""
    if not (envelope.nested or envelope.command.runs_while_closed or isinstance(envelope.actor, Steward)):
        must_write()
    return next(envelope)
