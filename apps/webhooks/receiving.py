"""Taking what other systems say: verified on the raw bytes, kept first, processed later."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import transaction

from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.correlation import correlated, correlation_id
from apps.kernel.transactions import unit_of_work

from . import hints, hooks, rules, schedule
from .errors import MessageUnreadable, SignatureInvalid
from .models import Received, Source
from .schemes import SCHEMES, Letter, Unreadable, spoken
from .signing import SignatureDoesNotHold

KEPT_HEADERS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp", "x-correlation-id")
log = logging.getLogger(__name__)


def take(source: Source, headers: Mapping[str, str], body: bytes) -> bool:
    """Keep a message whose signature holds; True when it is new. `headers` are in small letters.

    Raises SignatureInvalid, and then nothing of it is kept but that somebody tried; MessageUnreadable,
    TooManyMessages.
    """
    letter = _read(source, headers, body)
    rules.must_not_be_too_many(source)
    with transaction.atomic():
        received, is_new = Received.objects.get_or_create(
            source=source,
            ref=letter.id,
            defaults={
                "type": letter.type[:120],
                "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
                "body": body,
                "received_at": now(),
                "next_at": now(),
                "correlation_id": correlation_id() or "",
            },
        )
        if is_new:
            hints.after_commit(hints.PROCESS, received.pk)
    return is_new


def process(received_id: int) -> bool:
    """Let whoever processes this type do it, in the current tenant; True when it is done with, now or already."""
    received = _counted(received_id)
    if received is None:
        return False
    function = hooks.function_for(received.type)
    if function is None:
        _settle(received, Received.State.IGNORED)
        return True
    try:
        with correlated(received.correlation_id or None, causation=f"webhook:{received.pk}"), unit_of_work():
            mine = Received.objects.open().select_for_update(skip_locked=True).filter(pk=received.pk)
            if mine.first() is None:
                return False
            function(_incoming(received))
            mine.update(state=Received.State.PROCESSED, processed_at=now(), last_error="")
    except Exception as error:
        _note_failure(received, error)
        return False
    return True


def _read(source: Source, headers: Mapping[str, str], body: bytes) -> Letter:
    secrets = [each.opened() for each in source.secrets.valid()]
    try:
        letter = SCHEMES[source.scheme].read(headers, body, secrets, now())
    except SignatureDoesNotHold as why:
        source.count_refused()
        log.warning("A message to the source %s was refused: %s.", source.name, why)
        raise SignatureInvalid from None
    except Unreadable as why:
        raise MessageUnreadable(why=why) from None
    if not 0 < len(letter.id) <= 200:
        raise MessageUnreadable(why="its id has 1 to 200 characters")
    return letter


def _counted(received_id: int) -> Received | None:
    """Counts the attempt, and commits it, before the work: what kills its worker is given up in the end. Until the
    time that it is given by that, no other worker takes it."""
    with transaction.atomic():
        row = Received.objects.due().select_for_update(skip_locked=True).filter(pk=received_id).first()
        if row is None:
            return None
        again = schedule.after(row.attempts + 1, schedule.RECEIVED_WAITS)
        row.attempts += 1
        if row.attempts > len(schedule.RECEIVED_WAITS) + 1:
            _settle(row, Received.State.DEAD, row.last_error or "The worker was lost each time.")
            return None
        row.next_at = again or now() + schedule.RECEIVED_WAITS[1]
        row.save(update_fields=["attempts", "next_at"])
        return row


def _incoming(received: Received) -> hooks.Incoming:
    said = spoken(bytes(received.body))
    data = said.get("data")
    return hooks.Incoming(
        source=received.source.name,
        id=received.ref,
        type=received.type,
        data=data if isinstance(data, dict) else {},
        said=said,
        received_at=received.received_at,
        actor=System(f"The webhook source {received.source.name}"),
    )


def _note_failure(received: Received, error: Exception) -> None:
    """The next attempt's time was kept when this one was counted."""
    log.warning("The received message %s could not be processed: %s", received.ref, error)
    last = received.attempts > len(schedule.RECEIVED_WAITS)
    _settle(received, Received.State.DEAD if last else Received.State.FAILED, str(error) or repr(error))


def _settle(received: Received, state: Received.State, why: str = "") -> None:
    if state == Received.State.DEAD:
        log.error("The received message %s was given up: %s", received.ref, why)
    open_ = Received.objects.open().filter(pk=received.pk)
    open_.update(state=state, attempts=received.attempts, last_error=why[:2000])
