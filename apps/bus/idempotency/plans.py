"""What is known about the keys of a request before it is executed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.bus.errors import FactConflict, KeyReused
from apps.bus.models import IdempotencyKey
from apps.kernel.clock import now

from .claims import Claim
from .keys import stored_here


@dataclass(frozen=True)
class Plan:
    """The used keys with their rows, the caller's key first, and the keys to be stored with the result."""

    used: Sequence[tuple[Claim, IdempotencyKey]]
    fresh: Sequence[Claim]

    @property
    def is_repeated(self) -> bool:
        return bool(self.used)

    @property
    def result(self) -> dict[str, Any]:
        """The stored result of the earlier request."""
        stored: dict[str, Any] = self.used[0][1].result
        return stored

    @property
    def response(self) -> Any:
        """The response to the caller's key; a natural key has none."""
        stored = [row.response for claim, row in self.used if not claim.natural]
        return json.loads(stored[0]) if stored and stored[0] else None


def plan_of(claims: Sequence[Claim]) -> Plan:
    rows = [(claim, _unexpired(claim)) for claim in claims]
    used = [(claim, row) for claim, row in rows if row is not None]
    return Plan(used=used, fresh=[claim for claim, row in rows if row is None])


def request_must_be_the_same(plan: Plan) -> None:
    """Raises KeyReused for a key of another request, FactConflict for a fact with other values."""
    for claim, row in plan.used:
        if row.fingerprint != claim.fingerprint:
            raise (FactConflict if claim.natural else KeyReused)(key=claim.key)


def _unexpired(claim: Claim) -> IdempotencyKey | None:
    if here := stored_here(claim):
        return here
    row = IdempotencyKey.objects.filter(scope=claim.scope, key=claim.key).first()
    return None if row and row.expires_at and row.expires_at < now() else row
