"""Reports read from a replica, and nobody sees less than he has seen before."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from django.db import connection, connections, transaction
from django.db.utils import InternalError
from django.http import HttpResponse
from redis import RedisError

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.identity.models import User
from apps.kernel import caching
from apps.kernel import replica as reads
from apps.kernel.actors import System
from apps.kernel.caching import Cached
from apps.kernel.replica import read_your_writes, reading_replica, reads_from_replica
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.tenancy.databases.read_after_write import COOKIE, HEADER, ReadAfterWriteMiddleware

TESTER = System("The suite")


@pytest.fixture(autouse=True)
def asked_every_time(monkeypatch):
    monkeypatch.setattr(reads, "FRESH", 0.0)


@pytest.fixture
def at_initech(initech, replica):
    """The test happens in the east, whose replica has come as far as its primary."""
    with activate(initech):
        replica()
        yield initech


@pytest.fixture
def stopped(standby_server):
    """The replica stays where it is."""
    from tests.support.shards import _as_superuser

    with _as_superuser(standby_server) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        while standby.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != ("paused",):
            pass
        yield
        standby.execute("SELECT pg_wal_replay_resume()")


def found():
    dispatch(FoundCompany(code="SUB", name="Subsidiary", currency="EUR"), actor=TESTER)


def test_without_one_both_names_lead_to_the_same_connection(at_acme):
    assert connections["replica"] is connections["default"]
    with reading_replica():
        assert Company.objects.all().db == "default"
        assert reads.reading() is connections["default"]


def test_only_a_report_that_says_so_reads_from_it(at_initech):
    assert Company.objects.all().db == "default"
    with reading_replica():
        assert Company.objects.all().db == "replica"
        assert Company.objects.get().name == "Initech"
        with reads.reading().cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery(), current_schema(), current_user")
            assert cursor.fetchone() == (True, at_initech.schema, at_initech.role)
    assert Company.objects.all().db == "default"


def test_the_trial_balance_reads_where_it_is_told(at_initech):
    with reading_replica():
        before = len(connections["replica@east"].queries_log)
        connections["replica@east"].force_debug_cursor = True
        assert ledger.trial_balance() == []
        assert len(connections["replica@east"].queries_log) > before


def test_what_is_older_is_seen_there_and_not_elsewhere(at_initech, stopped):
    found()

    with reading_replica():
        assert Company.objects.count() == 1
    assert Company.objects.count() == 2


def test_after_a_write_the_same_work_reads_from_the_primary(at_initech, stopped):
    with read_your_writes(), reading_replica():
        assert Company.objects.all().db == "replica"
        found()
        assert Company.objects.count() == 2


def test_and_so_it_does_inside_a_transaction(at_initech):
    with reading_replica(), transaction.atomic():
        assert Company.objects.all().db == "default"
        assert reads.reading() is connections["default"]


def test_a_write_that_is_sent_to_it_is_refused(at_initech):
    with pytest.raises(InternalError, match="read-only"):
        Company.objects.using("replica").update(name="Never")


def test_what_was_read_there_is_written_to_the_primary(at_initech):
    with reading_replica():
        company = Company.objects.get()
    assert company._state.db == "replica"

    company.name = "Renamed"
    company.save()

    assert Company.objects.using("default").get().name == "Renamed"


def test_a_row_from_it_and_one_from_the_primary_may_meet(at_initech):
    with reading_replica():
        parent = Company.objects.get()

    child = Company(code="SUB", name="Subsidiary", currency="EUR", parent=parent)

    assert child.parent == parent


def test_who_has_seen_more_than_it_has_reads_from_the_primary(at_initech, stopped):
    found()
    with read_your_writes(reads.position()), reading_replica():
        assert Company.objects.count() == 2


def test_as_soon_as_it_has_come_so_far_it_answers_again(at_initech, replica):
    found()
    seen = reads.position()
    replica()

    with read_your_writes(seen), reading_replica():
        assert Company.objects.all().db == "replica"
        assert Company.objects.count() == 2


@pytest.mark.parametrize("position", ["east:nonsense", "east:0/ZZ", "home:0/1", "' OR 1=1", "east:"])
def test_with_an_invalid_position_the_primary_is_read(at_initech, position):
    with read_your_writes(position), reading_replica():
        assert Company.objects.all().db == "default"


def test_while_it_is_away_the_primary_answers(at_initech, caplog):
    connections["replica@east"].close()
    connections.settings["replica@east"]["PORT"] = "1"

    with reading_replica():
        assert Company.objects.get().name == "Initech"
    assert "away" in caplog.text


def test_a_report_says_it_in_one_word(at_initech):
    @reads_from_replica
    def report():
        return Company.objects.all().db

    assert report() == "replica"


def test_what_is_kept_was_read_from_the_primary(at_initech, stopped):
    """Asked first by a report, whose replica lacks the change that everybody else has heard of already."""
    companies = Cached("companies-counted", lambda _: Company.objects.count(), ttl=60)
    companies.get("all")
    found()
    companies.invalidate()

    with reading_replica():
        assert Company.objects.count() == 1
        assert companies.get("all") == 2
        assert Company.objects.all().db == "replica"
    assert companies.get("all") == 2


def test_so_it_is_where_the_loader_would_rather_report(at_initech, stopped):
    companies = Cached("companies-reported", reads_from_replica(lambda _: Company.objects.count()), ttl=60)
    found()

    assert companies.get("all") == 2


def test_and_where_nothing_can_be_kept(at_initech, stopped, monkeypatch):
    companies = Cached("companies-asked", lambda _: Company.objects.count(), ttl=60)
    monkeypatch.setattr(caching, "_stamps", Mock(of=Mock(side_effect=RedisError)))
    found()

    with reading_replica():
        assert companies.get("all") == 2


def test_an_answer_to_a_write_says_up_to_where(at_initech, rf):
    response = ReadAfterWriteMiddleware(lambda request: found() or HttpResponse())(rf.post("/"))

    assert response.headers[HEADER].startswith("east:")
    assert response.cookies[COOKIE].value == response.headers[HEADER]
    assert response.cookies[COOKIE]["httponly"]


def test_and_whoever_says_it_next_reads_no_older(at_initech, rf, stopped):
    def report(request):
        with reading_replica():
            return HttpResponse(str(Company.objects.count()))

    wrote = ReadAfterWriteMiddleware(lambda request: found() or HttpResponse())(rf.post("/"))
    said = {HEADER: wrote.headers[HEADER]}

    assert ReadAfterWriteMiddleware(report)(rf.get("/", headers=said)).content == b"2"
    assert ReadAfterWriteMiddleware(report)(rf.get("/")).content == b"1"


def test_an_answer_to_a_read_says_nothing(at_initech, rf):
    response = ReadAfterWriteMiddleware(lambda request: HttpResponse(str(User.objects.count())))(rf.get("/"))

    assert HEADER not in response.headers


def test_nor_does_one_where_there_is_no_replica(at_acme, rf):
    response = ReadAfterWriteMiddleware(lambda request: found() or HttpResponse())(rf.post("/"))

    assert HEADER not in response.headers
    assert connection.alias == "default"
