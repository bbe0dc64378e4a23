"""A second worker, on connections of its own, that comes while the first one stands at the point where it will die."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from django.db import connections

from apps.kernel.tenant import TenantInfo, activate

BLINK = 0.002
"""Seconds until it is looked again whether he waits for a lock. Nothing depends on it."""
LONGEST = 30
"""Seconds after which he is thought to hang."""
_WAITS = (
    "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database())"
)


class SecondWorker:
    """`comes(work)` returns when he has done it, or waits for a lock of the one that stands still; `ends()` when he
    has done it, and raises what went wrong. `waited` says how often he had to wait, `came` how often he came."""

    def __init__(self, tenant: TenantInfo, pool: ThreadPoolExecutor, watcher: Any) -> None:
        self.tenant, self.pool, self.watcher = tenant, pool, watcher
        self.came = self.waited = 0
        self.doing: Future[None] | None = None

    def comes(self, work: Callable[[], Any]) -> None:
        self.came += 1
        self.doing = self.pool.submit(self._in_tenant, work)
        for _ in range(int(LONGEST / BLINK)):
            if wait([self.doing], BLINK).done:
                return
            if self._waits():
                self.waited += 1
                return
        raise AssertionError("The second worker neither ends nor waits for a lock.")

    def ends(self) -> None:
        if self.doing:
            self.doing.result(LONGEST)

    def _in_tenant(self, work: Callable[[], Any]) -> None:
        with activate(self.tenant):
            work()

    def _waits(self) -> bool:
        self.watcher.execute(_WAITS)
        return bool(self.watcher.fetchone()[0])


@contextmanager
def second_worker(tenant: TenantInfo) -> Iterator[SecondWorker]:
    watcher = connections["relay"].copy()
    with ThreadPoolExecutor(1) as pool, watcher.cursor() as cursor:
        try:
            yield SecondWorker(tenant, pool, cursor)
        finally:
            pool.submit(connections.close_all)
    watcher.close()
