"""One run on running servers: load, failures, settling, and the verdict."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connections

from apps.kernel.tenant import TenantInfo
from config.up.terminal import write_line

from . import shops, verdict
from .chaos import Chaos
from .cluster import Cluster
from .workload import Journal, Workload

SETTLE_TIMEOUT_S = 120.0
"""In seconds, sufficient for a busy machine."""


def run(cluster: Cluster, seed: int, seconds: float) -> Sequence[str]:
    """Returns the faults."""
    logging.getLogger("apps.kernel.cache.pubsub").setLevel(
        logging.ERROR
    )  # this process has no PubSub connection
    with _timed("schemas, tenants and shops"):
        call_command("migrate_schemas", verbosity=0)
        tenants = shops.create()
    chaos, workload = (
        Chaos(cluster, random.Random(f"{seed}/chaos")),
        Workload(cluster.address, [*shops.SLUGS], seed),
    )
    cluster.plan()
    try:
        with _timed("start of the cluster"):
            cluster.start_all()
        workload.begin()
        with _timed("chaos"):
            chaos.run(seconds)
        with _timed("settling"):
            unsettled = _settle(cluster, workload, tenants)
    finally:
        cluster.close()
    _report(workload.journal)
    return [
        *unsettled,
        *cluster.unexpected_exits,
        *verdict.faults(tenants, workload.journal),
        *verdict.broken_audit_logs(tenants),
    ]


def _settle(cluster: Cluster, workload: Workload, tenants: Sequence[TenantInfo]) -> Sequence[str]:
    """Wait until all processes run, all clients have a response, and all work is finished. Returns unfinished work."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while not cluster.is_complete() and time.monotonic() < deadline:
        cluster.supervise()
        time.sleep(0.1)
    workload.stop(deadline - time.monotonic())
    connections.close_all()  # they are older than the first failure
    before: Sequence[str] = []
    while (unsettled := verdict.unsettled(tenants)) and time.monotonic() < deadline:
        before = unsettled
        cluster.supervise()
        time.sleep(0.5)
    for item in before[:3]:
        write_line(f"among the last: {item}", "soak")
    return unsettled


def _report(journal: Journal) -> None:
    kinds = Counter(operation.kind for operation in journal.operations if operation.acknowledged)
    retried = [operation for operation in journal.operations if operation.attempts > 1]
    replayed = sum(1 for operation in retried if operation.response and operation.response.replayed)
    done = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))
    write_line(f"acknowledged: {done}", "soak")
    write_line(f"retried: {len(retried)}, of which {replayed} were replayed", "soak")
    losses = ", ".join(f"{count} × {reason}" for reason, count in journal.losses.most_common(6))
    write_line(f"no response: {losses}; the longest latency was {journal.max_latency_s:.1f} s", "soak")


@contextmanager
def _timed(phase: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    write_line(f"{phase}: {time.monotonic() - began:.1f} s", "soak")
