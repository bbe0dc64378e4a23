"""The keys that a request claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from apps.bus.commands import Command
from apps.bus.envelope import Envelope
from apps.bus.errors import RequestInFlight
from apps.kernel.db.locks import Lock
from apps.kernel.tenant import current_tenant

from . import fingerprints

CLAIM = Lock("idempotency|{tenant}|{scope}|{key}")


@dataclass(frozen=True)
class Claim:
    """A key of a request, with the fingerprint of the request. While another request holds the key, a natural key waits
    and a caller's key is refused."""

    scope: str
    key: str
    natural: bool
    fingerprint: str


def claims_of(envelope: Envelope) -> Sequence[Claim]:
    return (*_claim_of_caller(envelope), *_claim_of_fact(envelope.command))


def scope_of(command: type[Command]) -> str:
    """A natural key is unique in this scope, a caller's key in this scope of each actor."""
    return command.command_name()


def hold(claim: Claim) -> None:
    """Locks the key until the end of the transaction. The lock is on a hash, so a collision of two keys costs a wait.
    Raises RequestInFlight."""
    tenant = current_tenant()
    lock = CLAIM.key(tenant=tenant.id if tenant else "", scope=claim.scope, key=claim.key)
    with connection.cursor() as cursor:
        if claim.natural:
            lock.hold(cursor)
        elif not lock.try_hold(cursor):
            raise RequestInFlight(key=claim.key)


def _claim_of_caller(envelope: Envelope) -> Sequence[Claim]:
    if not envelope.key:
        return ()
    command, actor = envelope.command, envelope.actor
    scope = f"{scope_of(type(command))} by {actor.pk or actor}"[:200]
    return (Claim(scope, envelope.key, natural=False, fingerprint=fingerprints.fingerprint_of(command)),)


def _claim_of_fact(command: Command) -> Sequence[Claim]:
    natural = command.natural_key()
    if not natural:
        return ()
    return (Claim(scope_of(type(command)), natural, natural=True, fingerprint=fingerprints.fact_of(command)),)
