"""Stored keys: written with the result of a request, deleted when they expire."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

from apps.bus.envelope import Envelope
from apps.bus.models import IdempotencyKey
from apps.kernel.clock import now
from apps.kernel.db import outcome

from .claims import Claim
from .results import stored

_WELL_FORMED = re.compile(r"\A[!-~]{1,255}\Z")
RETENTION = dt.timedelta(days=30)
"""Retention of a caller's key, known to `record_outcome` too; keys of commands that move money never expire."""


def is_well_formed(key: str) -> bool:
    """Of 1 to 255 visible ASCII characters."""
    return _WELL_FORMED.match(key) is not None


def remember(envelope: Envelope, claims: Sequence[Claim], result: Any) -> None:
    """Stores the keys with the result and the response at the end of the unit of work, which raises RequestInFlight if
    another request stored one first."""
    if envelope.render_response and envelope.response is None:
        envelope.response = envelope.render_response(result)
    for claim in claims:
        outcome.record("keys", _row(envelope, claim, result))


def stored_here(claim: Claim) -> IdempotencyKey | None:
    """The key, if the current unit of work stores it."""
    row = outcome.waiting().find("keys", scope=claim.scope, key=claim.key)
    if row is None:
        return None
    values = {name: value for name, value in row.items() if name != "is_permanent"}
    return IdempotencyKey(**values | {"result": json.loads(json.dumps(row["result"]))})


def forget_expired(at_most: int = 10_000) -> int:
    """Deletes expired keys and returns their number."""
    over = IdempotencyKey.objects.filter(expires_at__lt=now()).values("pk")[:at_most]
    return IdempotencyKey.objects.filter(pk__in=over).delete()[0]


def _row(envelope: Envelope, claim: Claim, result: Any) -> outcome.Row:
    has_response = not claim.natural and envelope.response is not None
    return {
        "scope": claim.scope,
        "key": claim.key,
        "fingerprint": claim.fingerprint,
        "result": stored(result),
        "response": json.dumps(envelope.response) if has_response else "",
        "is_permanent": claim.natural or envelope.command.moves_money,
    }
