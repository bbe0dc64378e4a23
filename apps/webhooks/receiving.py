"""Received messages: verified on the raw bytes, stored, and processed later."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext

from apps.events import postponing
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.correlation import correlated, correlation_id
from apps.kernel.db.retries import WORKER_LOST, claim
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.queues.hints import HintedTask

from . import hooks, rules, schedule
from .errors import MessageUnreadable, SignatureInvalid
from .models import Received, Source
from .schemes import Payload, UnparsableBody, parse_object
from .signing import InvalidSignature

PROCESS = HintedTask("webhooks.process", queue="billing")
"""Processes a received message."""
LEASE = dt.timedelta(minutes=1)
"""Of the last attempt; the others have until the next one."""
STORED_HEADERS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp", "x-correlation-id")
log = logging.getLogger(__name__)


def store(source: Source, headers: Mapping[str, str], body: bytes) -> bool:
    """Stores a message with a valid signature. True if it is new. `headers` are in lower case.

    Raises SignatureInvalid, after counting the message as refused; MessageUnreadable, TooManyMessages.
    """
    payload = _read(source, headers, body)
    rules.must_not_be_too_many(source)
    with transaction.atomic():
        received, is_new = Received.objects.get_or_create(
            source=source,
            ref=payload.id,
            defaults={
                "type": payload.type[:120],
                "headers": {name: headers[name] for name in STORED_HEADERS if name in headers},
                "body": body,
                "received_at": now(),
                "next_at": now(),
                "correlation_id": correlation_id() or "",
            },
        )
        if is_new:
            PROCESS.hint_after_commit(received.pk)
    return is_new


def process(received_id: int) -> bool:
    """Calls the function of the message's type, in the current tenant. True if the message is settled by this call."""
    received = _count_attempt(received_id)
    if received is None:
        return False
    function = hooks.function_for(received.type)
    if function is None:
        _settle(received, Received.State.IGNORED)
        return True
    try:
        with correlated(received.correlation_id or None, causation=f"webhook:{received.pk}"), unit_of_work():
            if claim(Received.objects.open().filter(pk=received.pk)) is None:
                return False
            function(_incoming(received))
            _settle(received, Received.State.PROCESSED)
    except Exception as error:
        _note_failure(received, error)
        return False
    return True


def _read(source: Source, headers: Mapping[str, str], body: bytes) -> Payload:
    secrets = [secret.opened() for secret in source.secrets.valid()]
    try:
        payload = rules.scheme_must_exist(source.scheme).read(headers, body, secrets, now())
    except InvalidSignature as why:
        source.count_refused()
        log.warning("A message to the source %s was refused: %s.", source.name, why)
        raise SignatureInvalid from None
    except UnparsableBody as why:
        raise MessageUnreadable(why=why) from None
    if not 0 < len(payload.id) <= 200:
        raise MessageUnreadable(why=gettext("its id has 1 to 200 characters"))
    return payload


def _count_attempt(received_id: int) -> Received | None:
    """Commits the attempt before the work, so that a message that kills its worker becomes dead. Until `next_at` no
    other worker claims it."""
    with transaction.atomic():
        row = claim(Received.objects.open().due().filter(pk=received_id))
        if row is None:
            return None
        if row.is_exhausted(schedule.PROCESSING):
            _settle(row, Received.State.DEAD, row.last_error or WORKER_LOST)
            return None
        row.count_attempt(schedule.PROCESSING, lease=LEASE)
        row.save(update_fields=["attempts", "next_at"])
        return row


def _incoming(received: Received) -> hooks.Incoming:
    payload = parse_object(bytes(received.body))
    data = payload.get("data")
    return hooks.Incoming(
        source=received.source.name,
        id=received.ref,
        type=received.type,
        data=data if isinstance(data, dict) else {},
        payload=payload,
        received_at=received.received_at,
        actor=System(f"The webhook source {received.source.name}"),
    )


def _note_failure(received: Received, error: Exception) -> None:
    """The time of the next attempt is already stored by `_count_attempt`."""
    log.warning("The received message %s could not be processed: %s", received.ref, error)
    if postponing.is_postponed(error):
        _postpone(received, error)
        return
    state = Received.State.DEAD if received.is_exhausted(schedule.PROCESSING) else Received.State.FAILED
    _settle(received, state, str(error) or repr(error))


def _postpone(received: Received, error: Exception) -> None:
    """The attempts begin again later."""
    Received.objects.open().filter(pk=received.pk).update(
        state=Received.State.FAILED,
        attempts=0,
        next_at=now() + postponing.DELAY,
        last_error=str(error)[:2000],
    )
    postponing.report(error)


def _settle(received: Received, state: Received.State, error: str = "") -> None:
    if state == Received.State.DEAD:
        log.error("The received message %s is dead: %s", received.ref, error)
    finished_at = None if state == Received.State.FAILED else now()
    Received.objects.open().filter(pk=received.pk).update(
        state=state, last_error=error[:2000], finished_at=finished_at
    )
