"""Stored keys: written with the result of a request, deleted when they expire."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from apps.bus.envelope import Envelope
from apps.bus.errors import RequestInFlight
from apps.bus.models import IdempotencyKey
from apps.kernel.clock import now

from .claims import Claim
from .results import stored

_WELL_FORMED = re.compile(r"\A[!-~]{1,255}\Z")
RETENTION = dt.timedelta(days=30)
"""Retention of a caller's key; keys of commands that move money never expire."""


def is_well_formed(key: str) -> bool:
    """Of 1 to 255 visible ASCII characters."""
    return _WELL_FORMED.match(key) is not None


def remember(envelope: Envelope, claims: Sequence[Claim], result: Any) -> None:
    """Stores the keys with the result and the response. Raises RequestInFlight if another request stored one first."""
    if envelope.render_response and envelope.response is None:
        envelope.response = envelope.render_response(result)
    for claim in claims:
        _insert(_row(envelope, claim, result))


def forget_expired(at_most: int = 10_000) -> int:
    """Deletes expired keys and returns their number."""
    over = IdempotencyKey.objects.filter(expires_at__lt=now()).values("pk")[:at_most]
    return IdempotencyKey.objects.filter(pk__in=over).delete()[0]


def _row(envelope: Envelope, claim: Claim, result: Any) -> IdempotencyKey:
    is_permanent = claim.natural or envelope.command.moves_money
    has_response = not claim.natural and envelope.response is not None
    return IdempotencyKey(
        scope=claim.scope,
        key=claim.key,
        fingerprint=claim.fingerprint,
        result=stored(result),
        response=json.dumps(envelope.response) if has_response else "",
        used_at=now(),
        expires_at=None if is_permanent else now() + RETENTION,
    )


def _insert(row: IdempotencyKey) -> None:
    IdempotencyKey.objects.filter(scope=row.scope, key=row.key, expires_at__lt=now()).delete()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise RequestInFlight(key=row.key) from None
