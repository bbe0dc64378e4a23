"""Sending what endpoints are told: an attempt is counted and kept, then made, then its outcome is kept.

Nothing of it happens in one transaction: a worker that is lost on the way leaves an attempt without an outcome, and
the message is sent again under the same id. So it is told at least once, and its receiver knows a repetition.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.bus import dispatch
from apps.kernel import outbound
from apps.kernel.actors import System
from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.errors import Refusal
from apps.kernel.tracing import outgoing_headers

from . import schedule, signing
from .commands import DisableEndpoint
from .models import Attempt, Endpoint, Message

LEASE = dt.timedelta(seconds=60)
"""How long a message belongs to who sends it; longer than the longest attempt with a slow resolver."""
MAX_CONCURRENT_MESSAGES = 2
"""So many messages of one endpoint are under way together: a slow one holds no more workers than that."""
PATIENCE = 30.0
"""Seconds that one task sends for one endpoint, before others have their turn."""
SILENCE = dt.timedelta(days=5)
GONE = 410
BUSY = (429, 503)
US = System("Webhooks")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: an answer, or an error."""

    status: int | None = None
    took: int | None = None
    answer: str = ""
    error: str = ""
    retry_after: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def __str__(self) -> str:
        return self.error or f"{self.status} in {self.took} ms"


def send_due(endpoint_id: int, patience: float = PATIENCE) -> bool:
    """Send an endpoint what is due, one message after another. True when there may be more of it."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if not send_next(endpoint_id):
            return False
    return True


def send_next(endpoint_id: int) -> bool:
    """Send the next due message of an endpoint, in the current tenant. False when none was free."""
    attempt = claim(endpoint_id)
    if attempt is None:
        return False
    message = attempt.message
    caused = f"event:{message.event_id}" if message.event_id else None
    with correlated(message.correlation_id or None, causation=caused):
        record(attempt, make(attempt))
    return True


def claim(endpoint_id: int) -> Attempt | None:
    """Take the next due message and count an attempt. The endpoint's row is held for that moment only, so that two
    workers count its messages under way one after the other. A tenant that is closed sends nothing: its messages wait,
    and lose no attempt by it."""
    if not current_availability().sends:
        return None
    with transaction.atomic():
        endpoint = Endpoint.objects.active().select_for_update(no_key=True).filter(pk=endpoint_id).first()
        if endpoint is None or endpoint.messages.in_progress().count() >= MAX_CONCURRENT_MESSAGES:
            return None
        message = (
            endpoint.messages.due().select_for_update(skip_locked=True).order_by("next_at", "id").first()
        )
        if message is None:
            return None
        if message.attempts >= schedule.MAX_ATTEMPTS:
            lost_for_good(message)
            return None
        return _counted(message, endpoint)


def lost_for_good(message: Message) -> None:
    """The worker was lost in the last attempt too."""
    message.state, message.leased_until, message.holder, message.done_at = (
        Message.State.DEAD,
        None,
        None,
        now(),
    )
    message.save(update_fields=["state", "leased_until", "holder", "done_at"])


def make(attempt: Attempt) -> Outcome:
    """The HTTP request; outside of any transaction."""
    message = attempt.message
    body = message.body.encode()
    try:
        answer = outbound.post(message.endpoint.url, _headers(message, body), body)
    except (outbound.CannotReach, Refusal) as error:
        return Outcome(error=str(error)[:500])
    except Exception as error:
        log.exception("The message %s could not be sent.", message.ref)
        return Outcome(error=f"Something went wrong here: {type(error).__name__}.")
    return Outcome(answer.status, answer.took, answer.body, "", answer.retry_after)


def record(attempt: Attempt, outcome: Outcome) -> None:
    """Keep what came of it, and what follows. Only a success counts when the lease has gone to another attempt
    meanwhile."""
    with transaction.atomic():
        attempt.status, attempt.took, attempt.answer, attempt.error = (
            outcome.status,
            outcome.took,
            outcome.answer,
            outcome.error,
        )
        attempt.save(update_fields=["status", "took", "answer", "error"])
        message = Message.objects.select_for_update().get(pk=attempt.message_id)
        if outcome.taken:
            _delivered(message)
        elif message.holder == attempt.pk:
            _failed(message, outcome)
        _note_on_the_endpoint(message, outcome)
    _disable_where_it_is_of_no_use(message, outcome)


def _headers(message: Message, body: bytes) -> dict[str, str]:
    secrets = [each.opened() for each in message.endpoint.secrets.valid()]
    headers = signing.headers(secrets, message.ref, now(), body)
    headers |= {"Content-Type": "application/json", "User-Agent": "Bursar-Webhooks/1.0"}
    return headers | outgoing_headers()


def _counted(message: Message, endpoint: Endpoint) -> Attempt:
    """An attempt whose worker is lost counts as one that failed: the next is at its time in the schedule, and not
    before the lease has ended."""
    attempt = Attempt.objects.create(message=message, at=now())
    message.attempts += 1
    message.holder, message.leased_until = attempt.pk, now() + LEASE
    message.next_at = schedule.after(message.attempts) or message.next_at
    message.save(update_fields=["attempts", "holder", "leased_until", "next_at"])
    message.endpoint = endpoint
    return attempt


def _delivered(message: Message) -> None:
    message.state, message.done_at = Message.State.DELIVERED, now()
    message.holder, message.leased_until = None, None
    message.save(update_fields=["state", "done_at", "holder", "leased_until"])


def _note_on_the_endpoint(message: Message, outcome: Outcome) -> None:
    """For its page, and to know since when it is silent."""
    noted: dict[str, Any] = {"tried_at": now(), "last_outcome": str(outcome)}
    if outcome.taken:
        noted["taken_at"] = now()
    Endpoint.objects.filter(pk=message.endpoint_id).update(**noted)


def _failed(message: Message, outcome: Outcome) -> None:
    message.holder, message.leased_until = None, None
    again = schedule.after(message.attempts)
    if again is None:
        message.state, message.done_at = Message.State.DEAD, now()
        log.error("The message %s was given up: %s", message.ref, outcome.error or outcome.status)
    else:
        asked = schedule.asked_for(outcome.retry_after) if outcome.status in BUSY else None
        message.next_at = max(again, asked or again)
    message.save(update_fields=["state", "done_at", "next_at", "holder", "leased_until"])


def _disable_where_it_is_of_no_use(message: Message, outcome: Outcome) -> None:
    endpoint = Endpoint.objects.get(pk=message.endpoint_id)
    if not endpoint.is_active:
        return
    if outcome.status == GONE:
        _disable(endpoint, "It answered 410 Gone.")
    elif message.state == Message.State.DEAD and now() - endpoint.silent_since >= SILENCE:
        _disable(endpoint, f"It took nothing for {SILENCE.days} days.")


def _disable(endpoint: Endpoint, because: str) -> None:
    try:
        dispatch(DisableEndpoint(endpoint_id=endpoint.pk, reason=because), actor=US)
    except Refusal as refusal:
        log.info("%s", refusal)  # somebody else did
