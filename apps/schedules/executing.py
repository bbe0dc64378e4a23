"""Execution of due commands in three steps: count the attempt and commit, dispatch, record the outcome.

The idempotency key of the dispatch is that of the row, so a command whose worker was killed before the last step is
not executed again: its stored result is the outcome.
"""

from __future__ import annotations

import datetime as dt
import logging

from apps.bus import dispatch_once
from apps.bus.errors import CommandUnknown, RequestInFlight
from apps.bus.plain import from_json
from apps.events import publish
from apps.kernel.correlation import correlated
from apps.kernel.db import retries
from apps.kernel.db.retries import Backoff
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, Unavailable, sentence_of

from .events import ScheduledCommandRefused
from .models import ScheduledCommand

LEASE_DURATION = dt.timedelta(minutes=2)
"""Of a command by the worker that executes it; longer than the time limit of its task."""
TIMEOUT_S = 30.0
"""Per task and tenant, so that other tenants are not delayed."""
BACKOFF = Backoff(tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)))
log = logging.getLogger(__name__)


def execute_due(timeout_s: float = TIMEOUT_S) -> bool:
    """Executes due commands of the current tenant one by one. True when the timeout ended the loop."""
    return retries.repeat(execute_next, timeout_s=timeout_s)


def execute_next() -> bool:
    """Executes the next due command. False when there is none."""
    scheduled = claim()
    if scheduled is None:
        return False
    with correlated(scheduled.correlation_id or None, causation=scheduled.key):
        record(scheduled, attempt(scheduled))
    return True


def claim() -> ScheduledCommand | None:
    """Leases the next due command and counts an attempt."""
    with unit_of_work():
        scheduled = retries.claim(ScheduledCommand.objects.waiting().due())
        if scheduled is None:
            return None
        if scheduled.is_exhausted(BACKOFF):
            scheduled.finish(ScheduledCommand.State.FAILED, retries.WORKER_LOST)
            return None
        scheduled.count_attempt(BACKOFF, lease=LEASE_DURATION)
        scheduled.save(update_fields=ScheduledCommand.PROGRESS)
        return scheduled


def attempt(scheduled: ScheduledCommand) -> Exception | None:
    """Dispatches the command for its sender. Returns the error, or None."""
    try:
        with scheduled.sender() as actor:
            dispatch_once(from_json(scheduled.document), actor=actor, key=scheduled.key)
    except Refusal as refusal:
        return refusal
    except Exception as error:
        log.exception("%s could not be executed.", scheduled)
        return error
    return None


def record(scheduled: ScheduledCommand, error: Exception | None) -> None:
    """Stores the outcome. It is ignored if another worker has made a later attempt."""
    with unit_of_work():
        attempted = ScheduledCommand.objects.waiting().filter(pk=scheduled.pk, attempts=scheduled.attempts)
        locked = attempted.select_for_update().first()
        if locked is None:
            return
        if error is None:
            locked.finish(ScheduledCommand.State.DONE)
        elif _is_temporary(error) and (next_at := BACKOFF.next_at(locked.attempts)):
            locked.retry_at(next_at, sentence_of(error))
        else:
            _refuse(locked, error)


def _refuse(scheduled: ScheduledCommand, error: Exception) -> None:
    is_refusal = isinstance(error, Refusal) and not _is_temporary(error)
    state = ScheduledCommand.State.REFUSED if is_refusal else ScheduledCommand.State.FAILED
    scheduled.finish(state, sentence_of(error))
    publish(
        ScheduledCommandRefused(
            scheduled_command_id=scheduled.pk,
            command=scheduled.command,
            actor_id=scheduled.actor_id,
            error=scheduled.last_error,
        )
    )


def _is_temporary(error: Exception) -> bool:
    """A command is unknown to an older version, as in a rolling update."""
    return not isinstance(error, Refusal) or isinstance(error, Unavailable | RequestInFlight | CommandUnknown)
