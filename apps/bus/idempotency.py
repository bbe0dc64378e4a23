"""Idempotency: a repeated request has no further effect and gets the first response.

A caller identifies a request by its own key (`Idempotency-Key` over HTTP). A command may also have a natural key, a
business fact that can occur only once for all callers. The key is stored in the transaction of the effect, so a flushed
cache, a lost response or a second worker cannot repeat it. Follows draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.db.locks import Lock
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.plain import to_plain
from apps.kernel.tenant import current_tenant

from .commands import Command
from .envelope import Envelope, Next
from .errors import FactConflict, KeyReused, RequestInFlight, ResultGone
from .models import IdempotencyKey

CLAIM = Lock("idempotency|{tenant}|{scope}|{key}")
RETENTION = dt.timedelta(days=30)
"""Retention of a caller's key; keys of commands that move money never expire."""


@dataclass(frozen=True)
class Claim:
    """A key of a request, with the fingerprint of the request. While another request holds the key, a natural key waits
    and a caller's key is refused."""

    scope: str
    key: str
    natural: bool
    fingerprint: str


def idempotency(envelope: Envelope, next: Next) -> Any:
    """Returns the result of an earlier identical request, or executes the request and stores its outcome.

    Raises RequestInFlight while an identical request runs, KeyReused for a key of another request, FactConflict when
    the fact is recorded with other values.
    """
    claims = _claims(envelope)
    if envelope.is_dry_run or not claims:
        return next(envelope)
    if envelope.command.atomic:
        for claim in claims:
            _hold(claim)
    earlier = {claim: _earlier(claim) for claim in claims}
    whole = fingerprint_of(
        envelope.command
    )  # rows from before `fact` existed have the fingerprint of the whole command
    for claim, row in earlier.items():
        if row and row.fingerprint not in (claim.fingerprint, whole):
            raise (FactConflict if claim.natural else KeyReused)(key=claim.key)
    known = [row for row in earlier.values() if row]
    fresh = [claim for claim, row in earlier.items() if row is None]
    if known:
        envelope.repeated = True
        own = [row for claim, row in earlier.items() if row and not claim.natural]
        envelope.response = _parsed(own[0].response) if own else None
    if not envelope.command.atomic and not known:
        return _long_running(envelope, next, fresh)
    envelope.before_commit.append(lambda result: _remember(envelope, fresh, result))
    return _restored(known[0].result) if known else next(envelope)


def _long_running(envelope: Envelope, next: Next, fresh: Sequence[Claim]) -> Any:
    """The steps commit one by one, so the key is claimed at the end; until then the rules of the command refuse a
    second request."""
    result = next(envelope)
    if envelope.render_response:
        envelope.response = envelope.render_response(result)
    with unit_of_work():
        _remember(envelope, fresh, result)
    return result


def fingerprint_of(command: Any) -> str:
    """SHA-256 of the command and all its fields except secrets."""
    return _hashed([command.command_name(), to_plain(command)])


def fact_of(command: Command) -> str:
    """SHA-256 of the fields in `fact`, with normalised decimals: 2.0 equals 2.00."""
    values = {name: value for name, value in to_plain(command).items() if name in command.fact}
    for name in command.fact:
        if isinstance(value := getattr(command, name), Decimal):
            values[name] = format(value.normalize(), "f")
    return _hashed([command.command_name(), values])


def _hashed(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def forget_expired(at_most: int = 10_000) -> int:
    """Deletes expired keys and returns their number."""
    over = IdempotencyKey.objects.filter(expires_at__lt=now()).values("pk")[:at_most]
    return IdempotencyKey.objects.filter(pk__in=over).delete()[0]


def _claims(envelope: Envelope) -> Sequence[Claim]:
    command, actor = envelope.command, envelope.actor
    claims = []
    if envelope.key:
        scope, fingerprint = (
            f"{scope_of(type(command))} by {actor.pk or actor}"[:200],
            fingerprint_of(command),
        )
        claims.append(Claim(scope, envelope.key, natural=False, fingerprint=fingerprint))
    if natural := command.natural_key():
        claims.append(Claim(scope_of(type(command)), natural, natural=True, fingerprint=fact_of(command)))
    return claims


def scope_of(command: type[Command]) -> str:
    """A natural key is unique in this scope, a caller's key in this scope of each actor."""
    return command.command_name()


def _hold(claim: Claim) -> None:
    """Locks the key until the end of the transaction. The lock is on a hash, so a collision of two keys costs a
    wait."""
    tenant = current_tenant()
    lock = CLAIM.key(tenant=tenant.id if tenant else "", scope=claim.scope, key=claim.key)
    with connection.cursor() as cursor:
        if claim.natural:
            lock.hold(cursor)
        elif not lock.try_hold(cursor):
            raise RequestInFlight(key=claim.key)


def _earlier(claim: Claim) -> IdempotencyKey | None:
    row = IdempotencyKey.objects.filter(scope=claim.scope, key=claim.key).first()
    return None if row and row.expires_at and row.expires_at < now() else row


def _remember(envelope: Envelope, claims: Sequence[Claim], result: Any) -> None:
    if envelope.render_response and envelope.response is None:
        envelope.response = envelope.render_response(result)
    for claim in claims:
        forever = claim.natural or envelope.command.moves_money
        row = IdempotencyKey(
            scope=claim.scope,
            key=claim.key,
            fingerprint=claim.fingerprint,
            result=_stored(result),
            response="" if claim.natural or envelope.response is None else json.dumps(envelope.response),
            used_at=now(),
            expires_at=None if forever else now() + RETENTION,
        )
        IdempotencyKey.objects.filter(scope=claim.scope, key=claim.key, expires_at__lt=now()).delete()
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise RequestInFlight(key=claim.key) from None


def _parsed(response: str) -> Any:
    return json.loads(response) if response else None


def _stored(result: Any) -> dict[str, Any]:
    if isinstance(result, models.Model):
        location = {"database": key} if (key := databases.key_of(result)) else {}
        return {"model": result._meta.label, "pk": result.pk, **location}
    return {"value": result}


def _restored(stored: dict[str, Any]) -> Any:
    if "model" not in stored:
        return stored["value"]
    rows = apps.get_model(stored["model"])._base_manager.all()
    if "database" in stored:
        rows = rows.using(databases.runtime(stored["database"]))
    row = rows.filter(pk=stored["pk"]).first()
    if row is None:
        raise ResultGone(what=stored["model"], pk=stored["pk"])
    return row
