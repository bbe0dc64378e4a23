"""Work in a table that is attempted until it succeeds or its attempts are used up.

A worker claims a row and commits the attempt before the work, so that work that kills its worker ends as well. Each
table has its own states, rights and transactions; attempts, due times, leases, claims and delays are the same.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from apps.kernel.clock import now
from apps.kernel.machine_text import MachineText

WORKER_LOST = "The worker was lost each time."
"""The error of work whose attempts were used up by workers that were killed."""
R = TypeVar("R", bound=models.Model)


@dataclass(frozen=True)
class Backoff:
    """Delays between attempts. The jitter, a share of the delay, spreads work that failed together."""

    delays: tuple[dt.timedelta, ...]
    jitter: float = 0.1

    @classmethod
    def exponential(
        cls, *, first: dt.timedelta, max_delay: dt.timedelta, retries: int, jitter: float = 0.5
    ) -> Self:
        """Doubled after each attempt, up to the maximum."""
        return cls(tuple(min(first * 2**retry, max_delay) for retry in range(retries)), jitter)

    @property
    def max_attempts(self) -> int:
        return 1 + len(self.delays)

    def delay(self, attempts: int) -> dt.timedelta:
        """After so many attempts; the last delay repeats."""
        step = min(max(attempts, 1), len(self.delays))
        return self.delays[step - 1] * random.uniform(1, 1 + self.jitter)  # noqa: S311 - jitter

    def next_at(self, attempts: int) -> dt.datetime | None:
        """The time of the next attempt after so many; None after the last."""
        return now() + self.delay(attempts) if attempts < self.max_attempts else None


def claim(rows: models.QuerySet[R], *, waits: bool = False) -> R | None:
    """Locks the row that is due first, until the end of the transaction. None if there is none.

    Rows that another worker has locked are skipped. With `waits` their lock is awaited: for work that must be looked
    at again after the transaction of the other worker.
    """
    locked = rows.select_for_update(skip_locked=not waits, of=("self",))
    return locked.order_by("next_at", "pk").first()


def repeat(step: Callable[[], bool], *, timeout_s: float) -> bool:
    """Repeats the step while it finds work. True if the time was over first."""
    ends_at = time.monotonic() + timeout_s
    while time.monotonic() < ends_at:
        if not step():
            return False
    return True


class RetriedQuerySet(models.QuerySet[R]):
    def due(self) -> Self:
        """The time of their next attempt has come."""
        return self.filter(next_at__lte=now())


class Retried(models.Model):
    """Work with attempts.

    attempts     since its creation, or since an operator repeated it
    next_at      time of the next attempt; empty while none is scheduled
    last_error   of the last failed attempt
    finished_at  time of the success, or of the final failure
    """

    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    last_error = MachineText(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def restart(self, *, at: dt.datetime | None = None) -> None:
        """Attempts begin again, at once or at the given time."""
        self.attempts, self.next_at, self.finished_at = 0, at or now(), None

    def is_exhausted(self, backoff: Backoff) -> bool:
        """Before the next attempt: the worker was killed in the last one."""
        return self.attempts >= backoff.max_attempts

    def count_attempt(self, backoff: Backoff, *, lease: dt.timedelta) -> None:
        """Counts the attempt as a failed one in advance, in case the worker is killed: the next is at its time in the
        schedule, and after the last one at the end of the lease."""
        self.attempts += 1
        self.next_at = backoff.next_at(self.attempts) or now() + lease


class LeasedQuerySet(RetriedQuerySet[R]):
    def due(self) -> Self:
        """The time of their next attempt has come, and no worker has a lease."""
        return super().due().filter(Q(leased_until=None) | Q(leased_until__lte=now()))

    def in_progress(self) -> Self:
        return self.filter(leased_until__gt=now())


class Leased(Retried):
    """Work that is done outside of a transaction. Until the end of the lease no other worker claims it.

    leased_until  end of the lease of the current attempt
    """

    leased_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_in_progress(self) -> bool:
        return self.leased_until is not None and self.leased_until > now()

    def count_attempt(self, backoff: Backoff, *, lease: dt.timedelta) -> None:
        super().count_attempt(backoff, lease=lease)
        self.leased_until = now() + lease
