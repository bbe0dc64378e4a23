"""A house to measure in: servers of its own with everything durable, one tenant, and the processes that work for it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def house() -> Iterator[Any]:
    """Yields the TenantInfo of a new tenant; what is imported from `apps` must be imported inside."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    with tempfile.TemporaryDirectory(prefix="bursar-bench-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)
        os.environ["BURSAR_HOME"] = place
        from config.embedded import leave, resolve
        from config.env import put

        put(files_url=f"file://{place}/files")
        resolve("dev")
        import django

        django.setup()
        try:
            yield _tenant()
        finally:
            from django.db import connections

            connections.close_all()
            leave()


def _tenant() -> Any:
    from django.core.management import call_command

    from apps.bus import dispatch
    from apps.kernel.actors import System
    from apps.operations.commands import OnboardTenant

    call_command("migrate_schemas", verbosity=0)
    onboarding = OnboardTenant(slug="bench", name="Bench", owner_email="owner@bench.example")
    return dispatch(onboarding, actor=System("benchmark")).info


@contextlib.contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, start_new_session=True)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def worker(*queues: str) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR")
    return process(
        "celery",
        "-A",
        "config",
        "worker",
        "-Q",
        ",".join(queues),
        "-c",
        "1",
        "-n",
        f"{queues[0]}@bench",
        *quiet,
    )


def until(condition: Callable[[], Any], patience: float = 120) -> float:
    """Seconds until it is so. Raises TimeoutError."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > patience:
            raise TimeoutError("It did not come to pass.")
        time.sleep(0.005)
    return time.perf_counter() - began


@contextlib.contextmanager
def sent_statements() -> Iterator[list[str]]:
    """What psycopg sends, of any library."""
    from unittest.mock import patch

    import psycopg

    sent: list[str] = []
    real = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        sent.append(str(query)[:80])
        return real(self, query, *rest, **more)

    with patch.object(psycopg.Cursor, "execute", noted):
        yield sent


def cpu_seconds(work: Callable[[int], Any], first: int, count: int) -> float:
    """CPU time of this process for one call, over `count` calls numbered from `first`."""
    began = time.process_time()
    for number in range(first, first + count):
        work(number)
    return (time.process_time() - began) / count


def beside(
    ours: Callable[[int], Any], floor: Callable[[int], Any], rounds: int = 9, count: int = 60
) -> dict[str, Any]:
    """CPU per call of both, in turn, so that a noisy machine is noisy for both; the ratio is the rounds' median."""
    pairs = []
    for turn in range(rounds + 1):
        first = turn * count
        pairs.append((cpu_seconds(ours, first, count), cpu_seconds(floor, first, count)))
    kept = pairs[1:]  # the first warms up
    return {
        "ours_ms": _ms(statistics.median(mine for mine, _ in kept)),
        "floor_ms": _ms(statistics.median(other for _, other in kept)),
        "ratio": round(statistics.median(mine / other for mine, other in kept), 2),
        "calls": rounds * count,
    }


def rate(work: Callable[[], int]) -> int:
    """How many a second `work` does; it returns how many it did."""
    began = time.perf_counter()
    count = work()
    return round(count / (time.perf_counter() - began))


def spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50_ms": _ms(statistics.median(ordered)),
        "p95_ms": _ms(ordered[int(len(ordered) * 0.95)]),
        "worst_ms": _ms(ordered[-1]),
        "count": len(ordered),
    }


def say(results: dict[str, Any]) -> None:
    where = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    sys.stdout.write(json.dumps({"machine": where, **results}, indent=2) + "\n")


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
