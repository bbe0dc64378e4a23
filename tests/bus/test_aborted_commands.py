"""A command aborted by a deadlock or serialization failure is retried from its outermost unit of work."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from django.db import OperationalError, connection

from apps.audit.models import Record
from apps.bus import Command, dispatch, handles, registry
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.companies.models import Company
from apps.kernel.actors import System
from apps.kernel.db.unit_of_work import MAX_ATTEMPTS, Busy, unit_of_work
from apps.ledger import rules
from apps.ledger.models import Account
from tests.support.threads import in_tenant

CLERK = System("clerk")
WAIT_TIMEOUT_S = 120


@dataclass(frozen=True, kw_only=True)
class RenameBoth(Command):
    """Rename two companies, one after the other."""

    permission = "companies.manage_companies"
    audit_message = "renamed {first} and {second}"

    first: str
    second: str
    name: str


RenameBoth.__module__ = "apps.companies.commands"


@dataclass(frozen=True, kw_only=True)
class RenameAndFound(Command):
    """Rename two companies and found an existing one."""

    permission = "companies.manage_companies"
    audit_message = "renamed and founded"


RenameAndFound.__module__ = "apps.companies.commands"


@pytest.fixture
def handler():
    """Registers a function as the handler of a command, for one test."""
    known = dict(registry._handled)
    yield lambda command, function: handles(command)(function)
    registry._handled.clear()
    registry._handled.update(known)


@pytest.fixture
def two(at_acme):
    for code in ("ONE", "TWO"):
        dispatch(FoundCompany(code=code, name=code.title(), currency="EUR"), actor=CLERK)


def locked(code):
    return Company.objects.select_for_update().get(code=code)


def rename(code, name):
    company = locked(code)
    company.name = name
    company.save(update_fields=["name"])


def abort(sqlstate="40P01"):
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'aborted' USING ERRCODE = '{sqlstate}'; END $$")


def records(command, outcome):
    return Record.objects.filter(command=command, outcome=outcome).count()


def test_two_deadlocked_commands_are_both_done(acme, two, handler):
    """Each command locks the row needed next by the other."""
    held, attempts = {"ONE": threading.Event(), "TWO": threading.Event()}, Counter()

    def rename_both(command):
        attempts[command.name] += 1
        rename(command.first, command.name)
        held[command.first].set()
        assert held[command.second].wait(WAIT_TIMEOUT_S)
        rename(command.second, command.name)

    handler(RenameBoth, rename_both)
    both = [RenameBoth(first=a, second=b, name=f"By {a}") for a, b in (("ONE", "TWO"), ("TWO", "ONE"))]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda command: in_tenant(acme, lambda: dispatch(command, actor=CLERK)), both))

    assert sum(attempts.values()) > 2
    names = set(Company.objects.filter(code__in=held).values_list("name", flat=True))
    assert names in ({"By ONE"}, {"By TWO"})
    assert (records("companies.rename_both", "done"), records("companies.rename_both", "failed")) == (2, 0)
    for row in Record.objects.filter(command="companies.rename_both"):
        assert len(row.changes) == 2, "the rolled back attempt is recorded as well"


def test_a_retry_reads_rows_changed_since_the_first_snapshot(acme, two, handler):
    seen = []

    def rename_both(command):
        company = Company.objects.get(code="ONE")
        seen.append(company.name)
        if len(seen) == 1:
            elsewhere(acme, lambda: Company.objects.filter(code="ONE").update(name="Renamed meanwhile"))
        company.name = f"{company.name}, by the clerk"
        company.save(update_fields=["name"])

    handler(RenameBoth, rename_both)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
    dispatch(RenameBoth(first="ONE", second="TWO", name=""), actor=CLERK)

    assert seen == ["One", "Renamed meanwhile"]
    assert Company.objects.get(code="ONE").name == "Renamed meanwhile, by the clerk"
    (change,) = Record.objects.get(command="companies.rename_both").changes
    assert change["before"] == "Renamed meanwhile"


def elsewhere(tenant, work):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(in_tenant, tenant, work).result()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_command_aborted_at_every_attempt_is_refused_as_busy(two, handler, sqlstate):
    attempts = []

    def rename_both(command):
        attempts.append(command)
        rename("ONE", "Never")
        abort(sqlstate)

    handler(RenameBoth, rename_both)
    with pytest.raises(Busy) as caught:
        dispatch(RenameBoth(first="ONE", second="TWO", name=""), actor=CLERK)

    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (503, "kernel.busy", 1)
    assert len(attempts) == MAX_ATTEMPTS
    assert Company.objects.get(code="ONE").name == "One"
    assert records("companies.rename_both", "refused") == 1


def test_a_command_inside_another_unit_is_not_retried(two, handler):
    """A retry would not repeat the outer unit, so its caller receives the refusal at once."""
    attempts = []

    def rename_both(command):
        attempts.append(command)
        abort()

    handler(RenameBoth, rename_both)
    with pytest.raises(Busy), unit_of_work():
        dispatch(RenameBoth(first="ONE", second="TWO", name=""), actor=CLERK)

    assert len(attempts) == 1


def test_the_outer_command_is_retried_with_its_nested_commands(two, handler):
    """The nested commands raise no refusal, and the deferred work of an aborted attempt is discarded."""
    attempts = []

    def rename_both(command):
        if len(attempts) == 1:
            abort()

    def rename_and_found(command):
        attempts.append(command)
        with pytest.raises(CompanyCodeTaken):
            dispatch(FoundCompany(code="ONE", name="Again", currency="EUR"))
        try:
            dispatch(RenameBoth(first="ONE", second="TWO", name=""))
        except OperationalError:
            assert len(attempts) == 1
            raise

    handler(RenameBoth, rename_both)
    handler(RenameAndFound, rename_and_found)
    dispatch(RenameAndFound(), actor=CLERK)

    assert len(attempts) == 2
    assert records("companies.found_company", "refused") == 1
    assert records("companies.rename_both", "done") == records("companies.rename_and_found", "done") == 1
    assert not Record.objects.filter(outcome="failed").exists()


def test_a_busy_response_over_http_has_a_retry_after_header(at_acme, client_for, owner, monkeypatch):
    monkeypatch.setattr(rules, "account_must_be_new", lambda code, name: abort())

    client = client_for(owner)
    client.raise_request_exception = False
    response = client.post(
        "/t/acme/api/v1/ledger/accounts/",
        {"code": "1000", "name": "Cash", "type": "asset"},
        content_type="application/json",
    )

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.json()["code"] == "kernel.busy"
    assert not Account.objects.exists()
