"""Work in threads, each with a connection of its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from apps.kernel.tenant import activate


def together(count, work, tenant):
    """The same work in many threads at once, each with a connection of its own."""
    start = threading.Barrier(count)

    def one(_):
        start.wait()
        try:
            return in_tenant(tenant, work)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def in_tenant(tenant, work):
    try:
        with activate(tenant):
            return work()
    finally:
        connections.close_all()
