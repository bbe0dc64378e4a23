"""Eight tenants through threads, coroutines, tasks and a pool at once: nobody reads another's rows."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

import pytest
from asgiref.sync import sync_to_async
from celery import shared_task
from django.db import connection, connections, transaction

from apps.kernel.queues import DefaultTask
from apps.kernel.tenant import TenantInfo, activate, current_tenant
from apps.settings.models import Setting
from apps.tenancy.backend.errors import TenantNotSet
from apps.tenancy.models import Tenant
from tests.support.eight_tenants import KEY, TENANTS, Ledger, in_threads, whose

ROUNDS = 12
Outcome = tuple[list[int], list[tuple[int, str]]]


@pytest.fixture(scope="session")
def template(eight_tenants: str) -> str:
    return eight_tenants


def test_threads(eight):
    told = Ledger()

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            tenant = eight[(number + turn) % TENANTS]
            with activate(tenant):
                told.note(tenant, whose())
                with transaction.atomic():
                    told.note(tenant, whose())

    in_threads(work)

    assert (told.right, told.wrong) == (2 * TENANTS * ROUNDS, [])


def test_a_plain_thread_that_takes_the_context_along_is_where_it_came_from(eight):
    told = Ledger()

    def work(number: int) -> None:
        tenant = eight[number]
        with activate(tenant):
            inner = threading.Thread(target=copy_context().run, args=(lambda: _note_and_leave(told, tenant),))
            inner.start()
            inner.join()

    in_threads(work)

    assert (told.right, told.wrong) == (TENANTS, [])


@pytest.mark.parametrize("ask", [whose, Tenant.objects.count, lambda: connections["replica"].cursor()])
def test_one_that_does_not_is_nobody(eight, ask):
    """Not the platform, who sees the news and the plans of all."""
    refused = []

    def work() -> None:
        with pytest.raises(TenantNotSet):
            ask()
        refused.append(current_tenant())
        connections.close_all()

    with activate(eight[0]):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert refused == [None]


def test_a_thread_may_say_that_it_is_the_platforms(eight):
    found = []

    def work() -> None:
        with activate(None):
            found.append(Tenant.objects.count())
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert found == [TENANTS]


@pytest.mark.physical_copy  # asyncio keeps the thread and its connection
def test_coroutines_of_one_loop(eight):
    told = Ledger()

    async def ask(tenant: TenantInfo) -> None:
        with activate(tenant):
            for _ in range(3):
                told.note(tenant, (await Setting.objects.aget(key=KEY)).value)
                await asyncio.sleep(0)

    async def all_of_them() -> None:
        await asyncio.gather(*(ask(tenant) for _ in range(3) for tenant in eight))

    asyncio.run(all_of_them())

    assert (told.right, told.wrong) == (3 * 3 * TENANTS, [])


def test_threads_of_coroutines(eight):
    told = Ledger()

    async def ask(tenant: TenantInfo) -> None:
        with activate(tenant):
            await sync_to_async(_note_and_leave, thread_sensitive=False)(told, tenant)

    async def all_of_them() -> None:
        await asyncio.gather(*(ask(tenant) for _ in range(3) for tenant in eight))

    asyncio.run(all_of_them())

    assert (told.right, told.wrong) == (3 * TENANTS, [])


def _note_and_leave(told: Ledger, tenant: TenantInfo) -> None:
    try:
        told.note(tenant, whose())
    finally:
        connections.close_all()


@shared_task(base=DefaultTask, name="tests.whose")
def say_whose() -> str:
    return whose()


def test_eager_tasks_in_threads(eight):
    """A task object is shared by all threads, so what it remembers of its caller would be another's."""
    told = Ledger()

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            here, there = eight[number], eight[(number + turn) % TENANTS]
            with activate(here):
                sent = say_whose.apply(headers=say_whose.sender(), throw=True)
                told.note(here, sent.get())
                told.note(here, whose())
            other = say_whose.apply(headers={"tenant": there.id}, throw=True)
            told.note(there, other.get())
            assert current_tenant() is None

    in_threads(work)

    assert (told.right, told.wrong) == (3 * TENANTS * ROUNDS, [])


@pytest.fixture
def pooled(db, monkeypatch):
    """As with DATABASE_POOL_SIZE=3: eight threads share three connections to the server."""
    for alias in ("default", "control"):
        known = connections.settings[alias]
        connections[alias].close()
        monkeypatch.setitem(known, "CONN_MAX_AGE", 0)
        monkeypatch.setitem(known, "OPTIONS", known["OPTIONS"] | {"pool": {"min_size": 1, "max_size": 3}})
    yield
    for alias in ("default", "control"):
        connections[alias].close()
        connections[alias].close_pool()


def test_a_pool_hands_a_connection_from_tenant_to_tenant(eight, pooled):
    told, backends = Ledger(), set()

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            tenant = eight[(number + turn) % TENANTS]
            with activate(tenant):
                told.note(tenant, whose())
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_backend_pid(), current_setting('app.current_tenant'), current_user"
                    )
                    backend, who, role = cursor.fetchone()
                    assert (who, role) == (str(tenant.id), tenant.role)
                    backends.add(backend)
            connection.close()  # as at the end of a request: back to the pool

    in_threads(work)

    assert (told.right, told.wrong) == (TENANTS * ROUNDS, [])
    assert len(backends) <= 3


def test_what_a_pooled_connection_was_before_is_not_what_the_platform_finds(eight, pooled):
    with activate(eight[0]):
        whose()
    connection.close()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), current_setting('app.current_tenant'), current_user = session_user"
        )
        assert cursor.fetchone() == ("public", "", True)


def test_an_engine_that_believed_what_it_was_would_be_caught(eight, pooled, monkeypatch):
    """The negative control: it forgets nothing when a connection goes back to the pool."""
    from apps.tenancy.backend import base

    told = Ledger()
    for tenant in (eight[0], eight[1]):
        with activate(tenant):
            told.note(tenant, whose())
            monkeypatch.setattr(base.DatabaseWrapper, "_apply_tenant", lambda self: None)

    connection.close()
    assert told.wrong == [(eight[1].slug, eight[0].slug)]
