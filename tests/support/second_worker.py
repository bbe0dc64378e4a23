"""A second worker with its own connections, which works while the first one is paused before its crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from django.db import connections

from apps.kernel.tenant import TenantInfo, activate

POLL_S = 0.002
"""Interval of looking for a wait on a lock. No result depends on it."""
TIMEOUT_S = 180
"""After this time the worker counts as hanging."""
_WAITS = (
    "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE NOT granted AND datname = current_database())"
)


class SecondWorker:
    """`comes(work)` returns when the work is done or waits for a lock of the paused worker; `ends()` returns when it is
    done, and raises its error. `came` counts the calls, `waited` the calls that had to wait."""

    def __init__(self, tenant: TenantInfo, pool: ThreadPoolExecutor, watcher: Any) -> None:
        self.tenant, self.pool, self.watcher = tenant, pool, watcher
        self.came = self.waited = 0
        self.doing: Future[None] | None = None

    def comes(self, work: Callable[[], Any]) -> None:
        self.came += 1
        self.doing = self.pool.submit(self._in_tenant, work)
        for _ in range(int(TIMEOUT_S / POLL_S)):
            if wait([self.doing], POLL_S).done:
                return
            if self._waits():
                self.waited += 1
                return
        raise AssertionError("The second worker neither ends nor waits for a lock.")

    def ends(self) -> None:
        if self.doing:
            self.doing.result(TIMEOUT_S)

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
