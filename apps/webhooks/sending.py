"""Sending messages: an attempt is committed, then made, then its outcome is committed.

These are separate transactions: a worker that is killed in between leaves an attempt without an outcome, and the
message is sent again with the same id. So it is sent at least once, and the receiver recognises a repetition.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from apps.bus import dispatch
from apps.kernel import features
from apps.kernel.actors import System
from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.db import retries
from apps.kernel.errors import Refusal
from apps.kernel.observability.tracing import outgoing_headers
from apps.kernel.outbound import posting
from apps.kernel.outbound.errors import CannotReach

from . import schedule, signing
from .commands import DisableEndpoint
from .flag_declarations import SENDING
from .models import Attempt, Endpoint, Message

LEASE = dt.timedelta(seconds=60)
"""The lease of a message by an attempt; longer than an attempt with a slow resolver."""
MAX_CONCURRENT_MESSAGES = 2
"""Messages of one endpoint in progress, so that a slow endpoint does not occupy all workers."""
SEND_TIMEOUT_S = 30.0
"""For one endpoint in one task; then other endpoints are served."""
MAX_SILENCE = dt.timedelta(days=5)
GONE = 410
BUSY = (429, 503)
ACTOR = System("Webhooks")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """The outcome of an attempt: a response or an error."""

    status: int | None = None
    took: int | None = None
    response_body: str = ""
    error: str = ""
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def __str__(self) -> str:
        return self.error or gettext("{status} in {took} ms").format(status=self.status, took=self.took)


def send_due(endpoint_id: int, timeout_s: float = SEND_TIMEOUT_S) -> bool:
    """Sends the due messages of an endpoint, one by one. True if there may be more."""
    return retries.repeat(lambda: send_next(endpoint_id), timeout_s=timeout_s)


def send_next(endpoint_id: int) -> bool:
    """Sends the next due message of an endpoint, in the current tenant. False if there is none."""
    attempt = claim(endpoint_id)
    if attempt is None:
        return False
    message = attempt.message
    causation = f"event:{message.event_id}" if message.event_id else None
    with correlated(message.correlation_id or None, causation=causation):
        record(attempt, make(attempt))
    return True


def claim(endpoint_id: int) -> Attempt | None:
    """Leases the next due message to a new attempt.

    The endpoint's row is locked during the transaction, so that workers count its messages in progress one by one. The
    messages of a closed tenant wait without using up attempts, and so do all while sending is off."""
    if not current_availability().sends or not features.is_on(SENDING):
        return None
    with transaction.atomic():
        endpoint = Endpoint.objects.active().select_for_update(no_key=True).filter(pk=endpoint_id).first()
        if endpoint is None or endpoint.messages.in_progress().count() >= MAX_CONCURRENT_MESSAGES:
            return None
        message = retries.claim(Message.objects.pending().due().filter(endpoint=endpoint))
        if message is None:
            return None
        if message.is_exhausted(schedule.SENDING):
            message.finish(Message.State.DEAD, message.last_error or retries.WORKER_LOST)
            return None
        return _count_attempt(message, endpoint)


def make(attempt: Attempt) -> Outcome:
    """Sends the HTTP request, outside a transaction."""
    message = attempt.message
    body = message.body.encode()
    try:
        response = posting.post(message.endpoint.url, _headers(message, body), body)
    except (CannotReach, Refusal) as error:
        return Outcome(error=str(error)[:500])
    except Exception as error:
        log.exception("The message %s could not be sent.", message.ref)
        return Outcome(error=f"Internal error: {type(error).__name__}.")
    return Outcome(response.status, response.took, response.body, "", response.retry_after)


def record(attempt: Attempt, outcome: Outcome) -> None:
    """Stores the outcome. If another attempt has the lease now, only a success changes the message."""
    with transaction.atomic():
        attempt.status, attempt.took, attempt.response_body, attempt.error = (
            outcome.status,
            outcome.took,
            outcome.response_body,
            outcome.error,
        )
        attempt.save(update_fields=["status", "took", "response_body", "error"])
        message = Message.objects.select_for_update().get(pk=attempt.message_id)
        if outcome.is_success:
            message.finish(Message.State.DELIVERED)
        elif message.lease_holder == attempt.pk:
            _mark_failed(message, outcome)
        _record_on_endpoint(message, outcome)
    _disable_unresponsive_endpoint(message, outcome)


def _headers(message: Message, body: bytes) -> dict[str, str]:
    secrets = [secret.opened() for secret in message.endpoint.secrets.valid()]
    headers = signing.headers(secrets, message.ref, now(), body)
    headers |= {"Content-Type": "application/json", "User-Agent": "Bursar-Webhooks/1.0"}
    return headers | outgoing_headers()


def _count_attempt(message: Message, endpoint: Endpoint) -> Attempt:
    attempt = Attempt.objects.create(message=message, at=now())
    message.count_attempt(schedule.SENDING, lease=LEASE)
    message.lease_holder = attempt.pk
    message.save(update_fields=Message.PROGRESS)
    message.endpoint = endpoint
    return attempt


def _record_on_endpoint(message: Message, outcome: Outcome) -> None:
    """The last outcome, for the console, and the last success."""
    fields: dict[str, Any] = {"tried_at": now(), "last_outcome": str(outcome)}
    if outcome.is_success:
        fields["taken_at"] = now()
    Endpoint.objects.filter(pk=message.endpoint_id).update(**fields)


def _mark_failed(message: Message, outcome: Outcome) -> None:
    retry_at = schedule.SENDING.next_at(message.attempts)
    if retry_at is None:
        message.finish(Message.State.DEAD, str(outcome))
        log.error("The message %s is dead: %s", message.ref, outcome.error or outcome.status)
        return
    requested = schedule.parse_retry_after(outcome.retry_after) if outcome.status in BUSY else None
    message.next_at, message.last_error = max(retry_at, requested or retry_at), str(outcome)
    message.end_lease()
    message.save(update_fields=Message.PROGRESS)


def _disable_unresponsive_endpoint(message: Message, outcome: Outcome) -> None:
    endpoint = Endpoint.objects.get(pk=message.endpoint_id)
    if not endpoint.is_active:
        return
    if outcome.status == GONE:
        _disable(endpoint, "The endpoint returned 410 Gone.")
    elif message.state == Message.State.DEAD and now() - endpoint.silent_since >= MAX_SILENCE:
        _disable(endpoint, f"No message was accepted for {MAX_SILENCE.days} days.")


def _disable(endpoint: Endpoint, reason: str) -> None:
    try:
        dispatch(DisableEndpoint(endpoint_id=endpoint.pk, reason=reason), actor=ACTOR)
    except Refusal as refusal:
        log.info("%s", refusal)  # disabled by another worker or user
