"""Sending the copies of a notice: an attempt is counted and kept, then made, then its outcome is kept.

Nothing of it happens in one transaction: a worker that is lost on the way leaves a copy whose lease ends, and it is
sent again under the same Message-ID. So everybody is told at least once, and a mail program knows a repetition.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time

from django.db import transaction

from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.correlation import correlated

from . import channels
from .channels import NotSent
from .models import Copy, Target

LEASE = dt.timedelta(minutes=3)
"""How long a copy belongs to who sends it; longer than its task may last."""
PATIENCE = 30.0
"""Seconds that one task sends for one notice, before others have their turn."""
WAITS = tuple(dt.timedelta(minutes=each) for each in (1, 5, 30, 120, 360))
"""Between one attempt and the next; the first is made at once."""
MOST_ATTEMPTS = 1 + len(WAITS)
log = logging.getLogger(__name__)


def send_due(notice_id: int, patience: float = PATIENCE) -> bool:
    """Send what is due of a notice, one copy after another. True when there may be more of it."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if not send_next(notice_id):
            return False
    return True


def send_next(notice_id: int) -> bool:
    """Send the next due copy of a notice, in the current tenant. False when none was free."""
    copy = claim(notice_id)
    if copy is None:
        return False
    with correlated(copy.notice.correlation_id or None):
        record(copy, make(copy))
    return True


def claim(notice_id: int) -> Copy | None:
    """Take the next due copy and count an attempt. A tenant that is closed tells nobody: its copies wait, and lose no
    attempt by it."""
    if not current_availability().sends:
        return None
    with transaction.atomic():
        due = Copy.objects.due().select_for_update(skip_locked=True, of=("self",))
        copy = (
            due.select_related("notice", "target").filter(notice=notice_id).order_by("next_at", "id").first()
        )
        if copy is None:
            return None
        copy.attempts += 1
        copy.leased_until, copy.next_at = now() + LEASE, _after(copy.attempts) or copy.next_at
        if copy.attempts > MOST_ATTEMPTS:  # the worker was lost in the last one too
            _end(copy, Copy.State.DEAD, copy.last_outcome or "The worker was lost each time.")
            return None
        copy.save(update_fields=["attempts", "leased_until", "next_at"])
        return copy


def make(copy: Copy) -> NotSent | None:
    """Send it, outside of any transaction. Nothing, or why it was not sent."""
    try:
        channels.of(copy).send(copy)
    except NotSent as why:
        return why
    except Exception as error:
        log.exception("The copy %s could not be sent.", copy.pk)
        return NotSent(f"Something went wrong here: {type(error).__name__}.")
    return None


def record(copy: Copy, last_error: NotSent | None) -> None:
    """Keep what came of it, and what follows. A failure counts no more when another attempt has been made meanwhile."""
    with transaction.atomic():
        held = Copy.objects.select_for_update().get(pk=copy.pk)
        if last_error is None:
            _end(held, Copy.State.SENT, "It was taken.")
        elif held.attempts == copy.attempts and held.state == Copy.State.WAITING:
            _failed(held, last_error)
        if copy.target_id:
            Target.objects.filter(pk=copy.target_id).update(
                tried_at=now(), last_outcome=str(last_error or "It was taken.")[:500]
            )


def _failed(copy: Copy, last_error: NotSent) -> None:
    again = None if last_error.for_good else _after(copy.attempts)
    if again is None:
        _end(copy, Copy.State.DEAD, str(last_error))
        log.error("The copy %s was given up: %s", copy.pk, last_error)
        return
    copy.next_at, copy.leased_until, copy.last_outcome = again, None, str(last_error)[:500]
    copy.save(update_fields=["next_at", "leased_until", "last_outcome"])


def _end(copy: Copy, state: Copy.State, outcome: str) -> None:
    copy.state, copy.last_outcome, copy.done_at, copy.leased_until = state, outcome[:500], now(), None
    copy.save(update_fields=["state", "last_outcome", "done_at", "leased_until", "attempts", "next_at"])


def _after(attempts: int) -> dt.datetime | None:
    """When to try again after so many attempts; None when that was the last. A tenth of jitter keeps what failed
    together from coming back together."""
    if attempts > len(WAITS):
        return None
    return now() + WAITS[attempts - 1] * random.uniform(1, 1.1)  # noqa: S311 - jitter
