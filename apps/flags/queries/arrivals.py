"""Arrival of a change: which processes serve it, and which are missing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from django.utils.translation import gettext

from apps.flags.store import platform, processes
from apps.kernel.cache import pubsub
from apps.kernel.cache.redis_client import client
from apps.kernel.tenant import current_tenant

WITHIN_S = 10.0
POLL_S = 0.05


@dataclass(frozen=True)
class Reported:
    """The number of processes of a kind on a node that serve the change."""

    kind: str
    node: str
    processes: int


@dataclass(frozen=True)
class Missing:
    """A process that has not reported. `silent_s` are the seconds since its latest sign of life."""

    kind: str
    node: str
    pid: int
    silent_s: float

    def __str__(self) -> str:
        return gettext("{kind} on {node} (process {pid}, silent for {seconds} s)").format(
            kind=self.kind, node=self.node, pid=self.pid, seconds=round(self.silent_s)
        )


@dataclass(frozen=True)
class Arrival:
    """reported   within WITHIN_S of the change
    late       afterwards
    missing    not at all
    is_known   False while Redis, in which processes report, is unavailable
    """

    epoch: int
    reported: Sequence[Reported]
    late: Sequence[Reported]
    missing: Sequence[Missing]
    is_known: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether every process serves the change. Without any process that is not shown."""
        return self.is_known and not self.missing and bool(self.reported or self.late)

    @property
    def is_over(self) -> bool:
        """Whether the time for reports has passed."""
        return time.time() - self.epoch / 1000 > WITHIN_S


def epoch() -> int:
    """The epoch of the latest committed change, on the platform or in the current tenant. A number of milliseconds
    since 1970; 0 before the first change."""
    return platform.epoch_in("default" if current_tenant() else platform.connection_of_platform())


def arrival(of_epoch: int | None = None) -> Arrival:
    """The reports so far on a change in the current tenant or of the platform; by default on the latest."""
    of_epoch = epoch() if of_epoch is None else of_epoch
    tenant = current_tenant()
    key = processes.served_key(str(tenant.id) if tenant else pubsub.PLATFORM)
    try:
        processes.remove_ended()
        known, served = processes.registered(), client().hgetall(key)
    except redis.RedisError:
        return Arrival(of_epoch, (), (), (), is_known=False)
    reports = {name.decode(): _report(value.decode()) for name, value in served.items()}
    in_time: Counter[tuple[str, str]] = Counter()
    late: Counter[tuple[str, str]] = Counter()
    missing = []
    for process in known:
        served_epoch, at = reports.get(process.id, _unreported(process, of_epoch))
        if served_epoch < of_epoch:
            silent_s = time.time() - process.seen_at
            missing.append(Missing(process.kind, process.node, process.pid, silent_s))
        else:
            is_late = at - max(of_epoch / 1000, process.started_at) > WITHIN_S
            (late if is_late else in_time)[process.kind, process.node] += 1
    return Arrival(of_epoch, _counted(in_time), _counted(late), tuple(missing))


def _unreported(process: processes.Process, epoch: int) -> tuple[int, float]:
    """A process without a report. For a tenant, one that started after the change has nothing older in memory."""
    begun_after = current_tenant() is not None and process.started_at * 1000 > epoch
    return (epoch, process.started_at) if begun_after else (-1, 0.0)


def wait_for_arrival(of_epoch: int | None = None, within_s: float = WITHIN_S) -> Arrival:
    """As `arrival`, as soon as it is complete or the time is over."""
    of_epoch = epoch() if of_epoch is None else of_epoch
    until = time.monotonic() + within_s
    while True:
        current = arrival(of_epoch)
        if current.is_complete or not current.is_known or time.monotonic() >= until:
            return current
        time.sleep(POLL_S)


def _report(text: str) -> tuple[int, float]:
    served, _, at = text.partition(":")
    return int(served), float(at)


def _counted(counter: Counter[tuple[str, str]]) -> Sequence[Reported]:
    return tuple(Reported(kind, node, number) for (kind, node), number in sorted(counter.items()))
