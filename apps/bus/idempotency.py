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

from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.locks import Lock
from apps.kernel.plain import to_plain
from apps.kernel.tenant import current_tenant
from apps.kernel.transactions import unit_of_work

from .commands import Command
from .envelope import Envelope, Next
from .errors import FactConflict, KeyReused, RequestInFlight, ResultGone
from .models import IdempotencyKey

CLAIM = Lock("idempotency|{tenant}|{scope}|{key}")
KEPT = dt.timedelta(days=30)
"""How long a caller's key is remembered where no money was moved."""


@dataclass(frozen=True)
class Claim:
    """One key of a request, and what the request is told from another one by. A natural one waits for whoever holds
    it; a caller is told to come back."""

    scope: str
    key: str
    natural: bool
    fingerprint: str


def idempotency(envelope: Envelope, next: Next) -> Any:
    """Gives what came of the same request before, or does it and remembers.

    Raises RequestInFlight while another does the same, KeyReused for a key with another request, FactDiffers when the
    fact happened otherwise.
    """
    claims = _claims(envelope)
    if envelope.is_dry_run or not claims:
        return next(envelope)
    if envelope.command.atomic:
        for claim in claims:
            _hold(claim)
    earlier = {claim: _earlier(claim) for claim in claims}
    whole = fingerprint_of(envelope.command)  # rows that are older than facts bind to all that was said
    for claim, row in earlier.items():
        if row and row.fingerprint not in (claim.fingerprint, whole):
            raise (FactConflict if claim.natural else KeyReused)(key=claim.key)
    known = [row for row in earlier.values() if row]
    fresh = [claim for claim, row in earlier.items() if row is None]
    if known:
        envelope.repeated = True
        own = [row for claim, row in earlier.items() if row and not claim.natural]
        envelope.answer = _read(own[0].answer) if own else None
    if not envelope.command.atomic and not known:
        return _long_running(envelope, next, fresh)
    envelope.before_commit.append(lambda result: _remember(envelope, fresh, result))
    return _restored(known[0].result) if known else next(envelope)


def _long_running(envelope: Envelope, next: Next, fresh: Sequence[Claim]) -> Any:
    """The steps commit one by one, so the key is claimed at the end; until then the rules of the command refuse a
    second request."""
    result = next(envelope)
    if envelope.answering:
        envelope.answer = envelope.answering(result)
    with unit_of_work():
        _remember(envelope, fresh, result)
    return result


def fingerprint_of(command: Any) -> str:
    """What makes two requests the same: the command and all its fields but secrets."""
    return _hashed([command.command_name(), to_plain(command)])


def fact_of(command: Command) -> str:
    """What makes two facts the same: 2.0 is 2.00, and the words that they are told in do not matter."""
    said = {name: value for name, value in to_plain(command).items() if name in command.fact}
    for name in command.fact:
        if isinstance(value := getattr(command, name), Decimal):
            said[name] = format(value.normalize(), "f")
    return _hashed([command.command_name(), said])


def _hashed(words: Any) -> str:
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def forget_expired(at_most: int = 10_000) -> int:
    """Drops keys whose time is over. Returns how many."""
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
    """In which a natural key is unique; a caller's key is so in the same scope of each actor."""
    return command.command_name()


def _hold(claim: Claim) -> None:
    """Until the end of the transaction. The lock is on a hash of the key: two keys may meet there by accident, and
    then one waits for nothing."""
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
    if envelope.answering and envelope.answer is None:
        envelope.answer = envelope.answering(result)
    for claim in claims:
        forever = claim.natural or envelope.command.moves_money
        row = IdempotencyKey(
            scope=claim.scope,
            key=claim.key,
            fingerprint=claim.fingerprint,
            result=_kept(result),
            answer="" if claim.natural or envelope.answer is None else json.dumps(envelope.answer),
            used_at=now(),
            expires_at=None if forever else now() + KEPT,
        )
        IdempotencyKey.objects.filter(scope=claim.scope, key=claim.key, expires_at__lt=now()).delete()
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise RequestInFlight(key=claim.key) from None


def _read(answer: str) -> Any:
    return json.loads(answer) if answer else None


def _kept(result: Any) -> dict[str, Any]:
    if isinstance(result, models.Model):
        place = {"database": key} if (key := databases.key_of(result)) else {}
        return {"model": result._meta.label, "pk": result.pk, **place}
    return {"value": result}


def _restored(kept: dict[str, Any]) -> Any:
    if "model" not in kept:
        return kept["value"]
    rows = apps.get_model(kept["model"])._base_manager.all()
    if "database" in kept:
        rows = rows.using(databases.runtime(kept["database"]))
    found = rows.filter(pk=kept["pk"]).first()
    if found is None:
        raise ResultGone(what=kept["model"], pk=kept["pk"])
    return found
