"""Work in threads, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections

from apps.kernel.tenant import TenantInfo, activate

T = TypeVar("T")


def together(count: int, work: Callable[[], T], tenant: TenantInfo | None) -> list[T | Exception]:
    """The same work in many threads at once, each with a connection of its own."""
    start = threading.Barrier(count)

    def one(_: int) -> T | Exception:
        start.wait()
        try:
            return in_tenant(tenant, work)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@contextmanager
def in_thread(work: Callable[[], T]) -> Iterator[list[T]]:
    """Runs the work beside the block. Yields a list, which contains the result once the work has ended."""
    outcome: list[T] = []
    thread = threading.Thread(target=lambda: outcome.append(work()))
    thread.start()
    yield outcome
    thread.join(timeout=180)


def in_tenant(tenant: TenantInfo | None, work: Callable[[], T]) -> T:
    try:
        with activate(tenant):
            return work()
    finally:
        connections.close_all()
