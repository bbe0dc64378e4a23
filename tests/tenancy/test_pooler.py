"""Behind PgBouncer in transaction mode, where each transaction may get another server connection."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import copy_context
from queue import Queue
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest
from django.core.checks import run_checks
from django.db import connection, connections, transaction
from django.test import Client

from apps.audit.models import Record
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.impersonation.models import SupportSession
from apps.kernel.actors import System
from apps.kernel.db import replica
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.tenant import activate
from apps.tenancy.backend.errors import OutsideTransaction
from apps.tenancy.models import Tenant
from apps.tenancy.placement.read_after_write import HEADER
from tests.support import pooler
from tests.support.eight_tenants import TENANTS, ReadCounter, in_threads, read_slug

BOOKS = Lock("the books").key()
ROUND_COUNT = 10
TESTER = System("The suite")
LINE = {"account": "1000", "currency": "USD", "amount": "1.00"}


@pytest.fixture(scope="session")
def template(eight_tenants):
    return eight_tenants


def test_eight_tenants_read_their_own_rows(eight, behind_pgbouncer):
    reads = ReadCounter()

    def work(number):
        for round_number in range(ROUND_COUNT):
            tenant = eight[(number + round_number) % TENANTS]
            with activate(tenant):
                for _ in range(2):
                    with transaction.atomic():
                        reads.count(tenant, read_slug())
                        with connection.cursor() as cursor:
                            cursor.execute("SELECT current_user")
                            assert cursor.fetchone() == (tenant.role,)

    in_threads(work)

    assert (reads.correct, reads.wrong) == (2 * TENANTS * ROUND_COUNT, [])


def test_behind_an_undeclared_pooler_tenants_would_mix(eight, behind_undeclared_pgbouncer):
    """Negative control: session settings leak to the next client."""
    with activate(eight[0]):
        assert read_slug() == eight[0].slug
    another = connection.copy()
    with activate(eight[1]), another.cursor() as cursor:
        cursor.execute("SELECT 1")

    with activate(eight[0]):
        assert read_slug() == eight[1].slug
    another.close()


def test_outside_a_transaction_a_tenants_data_is_refused(eight, behind_pgbouncer):
    with activate(eight[0]), pytest.raises(OutsideTransaction):
        read_slug()


def test_a_tenants_data_is_refused_after_its_transaction(eight, behind_pgbouncer):
    with activate(eight[0]):
        with transaction.atomic():
            read_slug()
        with pytest.raises(OutsideTransaction):
            read_slug()


def test_the_directory_is_readable_outside_a_transaction(eight, behind_pgbouncer):
    assert Tenant.objects.count() == TENANTS
    with activate(eight[0]):
        assert Tenant.objects.count() == TENANTS


def test_a_command_runs_in_a_transaction(acme, behind_pgbouncer):
    with activate(acme):
        dispatch(FoundCompany(code="SUB", name="Subsidiary", currency="EUR"), actor=TESTER)
        with transaction.atomic():
            assert Company.objects.count() == 2


def test_requests_are_served(acme, owner, client_for, behind_pgbouncer):
    client = client_for(owner)

    assert client.get("/t/acme/").status_code == 200
    assert client.get("/t/acme/api/v1/ledger/entries/").json()["results"] == []


def test_a_response_to_a_write_has_the_log_position(acme, owner, client_for, behind_pgbouncer, monkeypatch):
    """It is read after the commit of the request's transaction."""
    client = client_for(owner)
    monkeypatch.setattr(replica, "has_replica", lambda: True)

    response = client.post(
        "/t/acme/api/v1/ledger/journals/",
        {"code": "ZZ", "name": "Corrections"},
        content_type="application/json",
        headers={"Idempotency-Key": "the-only"},
    )

    assert (response.status_code, response.headers[HEADER].partition(":")[0]) == (201, "home")


def test_a_refusal_is_recorded_in_the_audit_log(acme, owner, client_for, behind_pgbouncer):
    client = client_for(owner)

    response = client.post(
        "/t/acme/api/v1/ledger/entries/",
        {"posted_on": "2020-01-01", "memo": "unbalanced", "lines": []},
        content_type="application/json",
        headers={"Idempotency-Key": "the-first"},
    )

    assert 400 <= response.status_code < 500, response.content[:300]
    with activate(acme), transaction.atomic():
        commands = list(Record.objects.filter(outcome="refused").values_list("command", flat=True))
    assert commands == ["ledger.post_entry"]


class TestAdvisoryLock:
    """The lock is held by a connection that no other client can get."""

    def test_the_lock_has_one_holder(self, acme, behind_pgbouncer):
        with advisory_lock(BOOKS) as first, in_another_thread(lambda: advisory_lock(BOOKS)) as second:
            assert (first, second) == (True, False)
        with in_another_thread(lambda: advisory_lock(BOOKS)) as third:
            assert third

    def test_the_lock_outlasts_other_transactions(self, acme, behind_pgbouncer):
        """There are more transactions than connections of the pooler."""
        with activate(acme), transaction.atomic(), advisory_lock(BOOKS) as first:
            assert first
            for _ in range(2 * pooler.CONNECTIONS):
                with in_another_thread(lambda: advisory_lock(BOOKS)) as second:
                    assert not second

    def test_the_lock_ends_with_an_error(self, acme, behind_pgbouncer):
        with suppress(LookupError), advisory_lock(BOOKS):
            raise LookupError
        with advisory_lock(BOOKS) as free:
            assert free

    def test_the_lock_holds_for_direct_connections(self, acme, behind_pgbouncer):
        """Workers connect directly."""
        with advisory_lock(BOOKS), connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended('the books', 0))")
            assert cursor.fetchone() == (False,)


@contextmanager
def in_another_thread(enter):
    """Yields the result of `enter` in another thread, which stays inside until the block ends."""
    results, leave = Queue(), Event()

    def work():
        with enter() as response:
            results.put(response)
            leave.wait()
        connections.close_all()

    thread = Thread(target=copy_context().run, args=[work])
    thread.start()
    try:
        yield results.get(timeout=180)
    finally:
        leave.set()
        thread.join()


def test_a_support_session_begins_and_ends(acme, owner, operator, client_for, behind_pgbouncer):
    """A support session uses both consoles, and both entry points of a tenant."""
    operators, browser = client_for(operator, None), Client()
    created = operators.post(
        "/api/v1/identity/impersonations/",
        {"tenant_id": acme.id, "user_id": owner.pk, "reason": "A ticket of the customer."},
        content_type="application/json",
        headers={"Idempotency-Key": "once"},
    )
    assert created.status_code == 201, created.content[:500]
    path = urlsplit(created.json()["link"]).path

    assert browser.get(path).status_code == 200
    assert browser.post(path).status_code == 302
    inside = browser.get("/t/acme/")
    assert (inside.status_code, str(operator) in inside.text) == (200, True)
    assert browser.post("/t/acme/support/leave/").status_code == 200
    assert browser.get("/t/acme/").status_code == 302

    with activate(acme), transaction.atomic():
        support_session = SupportSession.objects.get()
    assert (support_session.operator, support_session.is_over) == (str(operator), True)
    ended = operators.get("/api/v1/identity/impersonations/").json()["results"]
    assert [session["end_reason"] for session in ended] == ["left"]


def test_an_undeclared_pooler_prevents_the_start(db, behind_undeclared_pgbouncer):
    assert "tenancy.E012" in {check.id for check in run_checks(databases=["default"])}


def test_a_declared_pooler_is_accepted(db, behind_pgbouncer):
    assert not {check.id for check in run_checks(databases=["default"]) if check.level >= 40}


def test_a_direct_connection_is_accepted(db):
    assert "tenancy.E012" not in {check.id for check in run_checks(databases=["default"])}
    assert connections["default"].settings_dict["TENANCY"]["pooled"] is False
