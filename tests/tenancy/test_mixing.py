"""Eight tenants in threads, coroutines, tasks and a connection pool at once: each reads only its own rows."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

import pytest
from asgiref.sync import sync_to_async
from celery import shared_task
from django.db import connection, connections, transaction

from apps.kernel.queues.tasks import DefaultTask
from apps.kernel.tenant import TenantInfo, activate, current_tenant
from apps.settings.models import Setting
from apps.tenancy.backend.errors import TenantNotSet
from apps.tenancy.models import Tenant
from tests.support.eight_tenants import KEY, TENANTS, ReadCounter, in_threads, read_slug

ROUND_COUNT = 12
Outcome = tuple[list[int], list[tuple[int, str]]]


@pytest.fixture(scope="session")
def template(eight_tenants: str) -> str:
    return eight_tenants


def test_threads_read_their_own_tenant(eight):
    reads = ReadCounter()

    def work(number: int) -> None:
        for round_number in range(ROUND_COUNT):
            tenant = eight[(number + round_number) % TENANTS]
            with activate(tenant):
                reads.count(tenant, read_slug())
                with transaction.atomic():
                    reads.count(tenant, read_slug())

    in_threads(work)

    assert (reads.correct, reads.wrong) == (2 * TENANTS * ROUND_COUNT, [])


def test_a_thread_with_a_copied_context_has_the_same_tenant(eight):
    reads = ReadCounter()

    def work(number: int) -> None:
        tenant = eight[number]
        with activate(tenant):
            inner = threading.Thread(
                target=copy_context().run, args=(lambda: _count_and_close(reads, tenant),)
            )
            inner.start()
            inner.join()

    in_threads(work)

    assert (reads.correct, reads.wrong) == (TENANTS, [])


@pytest.mark.parametrize("query", [read_slug, Tenant.objects.count, lambda: connections["replica"].cursor()])
def test_a_thread_without_a_context_may_not_query(eight, query):
    """It must not run as the platform, which sees the events and plans of all tenants."""
    refused = []

    def work() -> None:
        with pytest.raises(TenantNotSet):
            query()
        refused.append(current_tenant())
        connections.close_all()

    with activate(eight[0]):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert refused == [None]


def test_a_thread_may_activate_the_platform(eight):
    counts = []

    def work() -> None:
        with activate(None):
            counts.append(Tenant.objects.count())
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert counts == [TENANTS]


@pytest.mark.physical_copy  # asyncio keeps the thread and its connection
def test_coroutines_of_one_loop_read_their_own_tenant(eight):
    reads = ReadCounter()

    async def read(tenant: TenantInfo) -> None:
        with activate(tenant):
            for _ in range(3):
                reads.count(tenant, (await Setting.objects.aget(key=KEY)).value)
                await asyncio.sleep(0)

    async def all_of_them() -> None:
        await asyncio.gather(*(read(tenant) for _ in range(3) for tenant in eight))

    asyncio.run(all_of_them())

    assert (reads.correct, reads.wrong) == (3 * 3 * TENANTS, [])


def test_threads_of_coroutines_read_their_own_tenant(eight):
    reads = ReadCounter()

    async def read(tenant: TenantInfo) -> None:
        with activate(tenant):
            await sync_to_async(_count_and_close, thread_sensitive=False)(reads, tenant)

    async def all_of_them() -> None:
        await asyncio.gather(*(read(tenant) for _ in range(3) for tenant in eight))

    asyncio.run(all_of_them())

    assert (reads.correct, reads.wrong) == (3 * TENANTS, [])


def _count_and_close(reads: ReadCounter, tenant: TenantInfo) -> None:
    try:
        reads.count(tenant, read_slug())
    finally:
        connections.close_all()


@shared_task(base=DefaultTask, name="tests.read_slug")
def slug_task() -> str:
    return read_slug()


def test_eager_tasks_in_threads_read_their_own_tenant(eight):
    """A task object is shared by all threads, so its attributes would mix callers."""
    reads = ReadCounter()

    def work(number: int) -> None:
        for round_number in range(ROUND_COUNT):
            here, there = eight[number], eight[(number + round_number) % TENANTS]
            with activate(here):
                sent = slug_task.apply(headers=slug_task.sender(), throw=True)
                reads.count(here, sent.get())
                reads.count(here, read_slug())
            other = slug_task.apply(headers={"tenant": there.id}, throw=True)
            reads.count(there, other.get())
            assert current_tenant() is None

    in_threads(work)

    assert (reads.correct, reads.wrong) == (3 * TENANTS * ROUND_COUNT, [])


@pytest.fixture
def pooled(db, monkeypatch):
    """Like DATABASE_POOL_SIZE=3: eight threads share three connections to the server."""
    for alias in ("default", "control"):
        known = connections.settings[alias]
        connections[alias].close()
        monkeypatch.setitem(known, "CONN_MAX_AGE", 0)
        monkeypatch.setitem(known, "OPTIONS", known["OPTIONS"] | {"pool": {"min_size": 1, "max_size": 3}})
    yield
    for alias in ("default", "control"):
        connections[alias].close()
        connections[alias].close_pool()


def test_a_pooled_connection_is_reset_between_tenants(eight, pooled):
    reads, backends = ReadCounter(), set()

    def work(number: int) -> None:
        for round_number in range(ROUND_COUNT):
            tenant = eight[(number + round_number) % TENANTS]
            with activate(tenant):
                reads.count(tenant, read_slug())
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_backend_pid(), current_setting('app.current_tenant'), current_user"
                    )
                    backend, tenant_id, role = cursor.fetchone()
                    assert (tenant_id, role) == (str(tenant.id), tenant.role)
                    backends.add(backend)
            connection.close()  # returns it to the pool, as at the end of a request

    in_threads(work)

    assert (reads.correct, reads.wrong) == (TENANTS * ROUND_COUNT, [])
    assert len(backends) <= 3


def test_a_pooled_connection_is_reset_for_the_platform(eight, pooled):
    with activate(eight[0]):
        read_slug()
    connection.close()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), current_setting('app.current_tenant'), current_user = session_user"
        )
        assert cursor.fetchone() == ("public", "", True)


def test_an_engine_with_stale_settings_is_detected(eight, pooled, monkeypatch):
    """Negative control: this engine retains its settings when a connection returns to the pool."""
    from apps.tenancy.backend import base

    reads = ReadCounter()
    for tenant in (eight[0], eight[1]):
        with activate(tenant):
            reads.count(tenant, read_slug())
            monkeypatch.setattr(base.DatabaseWrapper, "_apply_tenant", lambda self: None)

    connection.close()
    assert reads.wrong == [(eight[1].slug, eight[0].slug)]
