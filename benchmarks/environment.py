"""The environment of a benchmark: its own durable servers, one tenant, and worker processes."""

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
def environment() -> Iterator[Any]:
    """Yields the TenantInfo of a new tenant. Modules of `apps` must be imported inside."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    with tempfile.TemporaryDirectory(prefix="bursar-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        os.environ["BURSAR_HOME"] = folder
        from config.embedded import leave, resolve
        from config.env import put

        put(files_url=f"file://{folder}/files")
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


def until(condition: Callable[[], Any], timeout_s: float = 120) -> float:
    """Seconds until the condition is true. Raises TimeoutError."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > timeout_s:
            raise TimeoutError(f"Not true after {timeout_s} s.")
        time.sleep(0.005)
    return time.perf_counter() - began


@contextlib.contextmanager
def sent_statements() -> Iterator[list[str]]:
    """The statements that psycopg sends."""
    from unittest.mock import patch

    import psycopg

    sent: list[str] = []
    real = psycopg.Cursor.execute

    def record(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        sent.append(str(query)[:80])
        return real(self, query, *rest, **more)

    with patch.object(psycopg.Cursor, "execute", record):
        yield sent


def cpu_seconds(work: Callable[[int], Any], first: int, count: int) -> float:
    """CPU time of this process for one call, over `count` calls numbered from `first`."""
    began = time.process_time()
    for number in range(first, first + count):
        work(number)
    return (time.process_time() - began) / count


def compare(
    bursar: Callable[[int], Any], baseline: Callable[[int], Any], rounds: int = 9, count: int = 60
) -> dict[str, Any]:
    """CPU time per call of both. They alternate, so that noise affects both; the ratio is the median of all rounds."""
    pairs = []
    for number in range(rounds + 1):
        first = number * count
        pairs.append((cpu_seconds(bursar, first, count), cpu_seconds(baseline, first, count)))
    measured = pairs[1:]  # the first round is a warm-up
    return {
        "bursar_ms": _ms(statistics.median(seconds for seconds, _ in measured)),
        "baseline_ms": _ms(statistics.median(seconds for _, seconds in measured)),
        "ratio": round(statistics.median(one / other for one, other in measured), 2),
        "calls": rounds * count,
    }


def rate(work: Callable[[], int]) -> int:
    """Operations per second; `work` returns the number of operations."""
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


def report(results: dict[str, Any]) -> None:
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    sys.stdout.write(json.dumps({"machine": machine, **results}, indent=2) + "\n")


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
