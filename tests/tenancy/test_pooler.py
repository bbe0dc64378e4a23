"""Behind PgBouncer, which gives the connection of one transaction to whoever comes next."""

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
from apps.identity.impersonation.models import SupportSession
from apps.kernel import replica
from apps.kernel.actors import System
from apps.kernel.locks import Lock
from apps.kernel.tenant import activate
from apps.kernel.transactions import advisory_lock
from apps.tenancy.backend.errors import OutsideTransaction
from apps.tenancy.databases.read_after_write import HEADER
from apps.tenancy.models import Tenant
from tests.support import pooler
from tests.support.eight_tenants import TENANTS, Ledger, in_threads, whose

BOOKS = Lock("the books").key()
ROUNDS = 10
TESTER = System("The suite")
LINE = {"account": "1000", "currency": "USD", "amount": "1.00"}


@pytest.fixture(scope="session")
def template(eight_tenants):
    return eight_tenants


def test_eight_tenants_never_meet(eight, behind_pgbouncer):
    told = Ledger()

    def work(number):
        for turn in range(ROUNDS):
            tenant = eight[(number + turn) % TENANTS]
            with activate(tenant):
                for _ in range(2):
                    with transaction.atomic():
                        told.note(tenant, whose())
                        with connection.cursor() as cursor:
                            cursor.execute("SELECT current_user")
                            assert cursor.fetchone() == (tenant.role,)

    in_threads(work)

    assert (told.right, told.wrong) == (2 * TENANTS * ROUNDS, [])


def test_had_nobody_told_us_they_would(eight, behind_it_unsaid):
    """The negative control: what is set for a session is the next one's, without a word."""
    with activate(eight[0]):
        assert whose() == eight[0].slug
    another = connection.copy()
    with activate(eight[1]), another.cursor() as cursor:
        cursor.execute("SELECT 1")

    with activate(eight[0]):
        assert whose() == eight[1].slug
    another.close()


def test_outside_a_transaction_a_tenants_data_is_refused(eight, behind_pgbouncer):
    with activate(eight[0]), pytest.raises(OutsideTransaction):
        whose()


def test_so_it_is_after_one_has_ended(eight, behind_pgbouncer):
    with activate(eight[0]):
        with transaction.atomic():
            whose()
        with pytest.raises(OutsideTransaction):
            whose()


def test_the_platform_asks_the_directory_at_any_time(eight, behind_pgbouncer):
    assert Tenant.objects.count() == TENANTS
    with activate(eight[0]):
        assert Tenant.objects.count() == TENANTS


def test_a_command_has_its_transaction(acme, behind_pgbouncer):
    with activate(acme):
        dispatch(FoundCompany(code="SUB", name="Subsidiary", currency="EUR"), actor=TESTER)
        with transaction.atomic():
            assert Company.objects.count() == 2


def test_requests_are_served(acme, owner, client_for, behind_pgbouncer):
    client = client_for(owner)

    assert client.get("/t/acme/").status_code == 200
    assert client.get("/t/acme/api/v1/ledger/entries/").json()["results"] == []


def test_an_answer_says_up_to_where_its_caller_has_seen(
    acme, owner, client_for, behind_pgbouncer, monkeypatch
):
    """After the request's transaction, which has kept what was asked."""
    client = client_for(owner)
    monkeypatch.setattr(replica, "has_replica", lambda: True)

    response = client.post(
        "/t/acme/api/v1/ledger/journals/",
        {"code": "ZZ", "name": "Corrections"},
        content_type="application/json",
        headers={"Idempotency-Key": "the-only"},
    )

    assert (response.status_code, response.headers[HEADER].partition(":")[0]) == (201, "home")


def test_a_refusal_is_answered_and_kept_in_the_audit_log(acme, owner, client_for, behind_pgbouncer):
    client = client_for(owner)

    response = client.post(
        "/t/acme/api/v1/ledger/entries/",
        {"posted_on": "2020-01-01", "memo": "unbalanced", "lines": []},
        content_type="application/json",
        headers={"Idempotency-Key": "the-first"},
    )

    assert 400 <= response.status_code < 500, response.content[:300]
    with activate(acme), transaction.atomic():
        kept = list(Record.objects.filter(outcome="refused").values_list("command", flat=True))
    assert kept == ["ledger.post_entry"]


class TestAlone:
    """The lock is kept by no connection that somebody else may be given."""

    def test_it_is_had_by_one(self, acme, behind_pgbouncer):
        with advisory_lock(BOOKS) as first, in_another_thread(lambda: advisory_lock(BOOKS)) as second:
            assert (first, second) == (True, False)
        with in_another_thread(lambda: advisory_lock(BOOKS)) as now_free:
            assert now_free

    def test_it_outlasts_the_transactions_of_others(self, acme, behind_pgbouncer):
        """More of them than the pooler has connections."""
        with activate(acme), transaction.atomic(), advisory_lock(BOOKS) as mine:
            assert mine
            for _ in range(2 * pooler.CONNECTIONS):
                with in_another_thread(lambda: advisory_lock(BOOKS)) as theirs:
                    assert not theirs

    def test_it_ends_with_an_error(self, acme, behind_pgbouncer):
        with suppress(LookupError), advisory_lock(BOOKS):
            raise LookupError
        with advisory_lock(BOOKS) as free:
            assert free

    def test_those_who_go_past_the_pooler_know_of_it(self, acme, behind_pgbouncer):
        """As workers do."""
        with advisory_lock(BOOKS), connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended('the books', 0))")
            assert cursor.fetchone() == (False,)


@contextmanager
def in_another_thread(enter):
    """What the other thread was told, while it stays inside."""
    told, leave = Queue(), Event()

    def work():
        with enter() as response:
            told.put(response)
            leave.wait()
        connections.close_all()

    thread = Thread(target=copy_context().run, args=[work])
    thread.start()
    try:
        yield told.get(timeout=30)
    finally:
        leave.set()
        thread.join()


def test_support_comes_and_goes(acme, owner, operator, client_for, behind_pgbouncer):
    """Which leads through both consoles, and through both doors of a tenant."""
    operators, browser = client_for(operator, None), Client()
    asked = operators.post(
        "/api/v1/identity/impersonations/",
        {"tenant_id": acme.id, "user_id": owner.pk, "reason": "A ticket of theirs."},
        content_type="application/json",
        headers={"Idempotency-Key": "once"},
    )
    assert asked.status_code == 201, asked.content[:500]
    door = urlsplit(asked.json()["link"]).path

    assert browser.get(door).status_code == 200
    assert browser.post(door).status_code == 302
    inside = browser.get("/t/acme/")
    assert (inside.status_code, str(operator) in inside.text) == (200, True)
    assert browser.post("/t/acme/support/leave/").status_code == 200
    assert browser.get("/t/acme/").status_code == 302

    with activate(acme), transaction.atomic():
        support_session = SupportSession.objects.get()
    assert (support_session.operator, support_session.is_over) == (str(operator), True)
    ended = operators.get("/api/v1/identity/impersonations/").json()["results"]
    assert [each["end_reason"] for each in ended] == ["left"]


def test_we_do_not_start_behind_a_pooler_unsaid(db, behind_it_unsaid):
    assert "tenancy.E012" in {check.id for check in run_checks(databases=["default"])}


def test_we_start_where_it_is_said(db, behind_pgbouncer):
    assert not {check.id for check in run_checks(databases=["default"]) if check.level >= 40}


def test_and_where_there_is_none(db):
    assert "tenancy.E012" not in {check.id for check in run_checks(databases=["default"])}
    assert connections["default"].settings_dict["TENANCY"]["pooled"] is False
