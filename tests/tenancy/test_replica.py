"""Reports read from a replica, and a client never sees data older than it has seen before."""

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
from apps.kernel.actors import System
from apps.kernel.cache import stamps
from apps.kernel.cache.caching import Cached
from apps.kernel.db import replica as reads
from apps.kernel.db.replica import read_your_writes, reading_replica, reads_from_replica
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.tenancy.placement.read_after_write import COOKIE, HEADER, ReadAfterWriteMiddleware

pytestmark = pytest.mark.exhaustive("each test waits for a replica", one_in=2)
TESTER = System("The suite")


@pytest.fixture(autouse=True)
def position_is_never_cached(monkeypatch):
    monkeypatch.setattr(reads, "POSITION_TTL_S", 0.0)


@pytest.fixture
def at_initech(initech, replica):
    """The test runs in the east, with an up-to-date replica."""
    with activate(initech):
        replica()
        yield initech


@pytest.fixture
def paused_replica(standby_server):
    """The replica does not replay the log."""
    from tests.support.shards import _as_superuser

    with _as_superuser(standby_server) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        while standby.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != ("paused",):
            pass
        yield
        standby.execute("SELECT pg_wal_replay_resume()")


def found_company():
    dispatch(FoundCompany(code="SUB", name="Subsidiary", currency="EUR"), actor=TESTER)


def test_without_a_replica_both_aliases_are_one_connection(at_acme):
    assert connections["replica"] is connections["default"]
    with reading_replica():
        assert Company.objects.all().db == "default"
        assert reads.reading() is connections["default"]


def test_only_a_declared_report_reads_from_the_replica(at_initech):
    assert Company.objects.all().db == "default"
    with reading_replica():
        assert Company.objects.all().db == "replica"
        assert Company.objects.get().name == "Initech"
        with reads.reading().cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery(), current_schema(), current_user")
            assert cursor.fetchone() == (True, at_initech.schema, at_initech.role)
    assert Company.objects.all().db == "default"


def test_the_trial_balance_reads_from_the_replica(at_initech):
    with reading_replica():
        before = len(connections["replica@east"].queries_log)
        connections["replica@east"].force_debug_cursor = True
        assert ledger.trial_balance() == []
        assert len(connections["replica@east"].queries_log) > before


def test_a_lagging_replica_shows_older_data_to_reports_only(at_initech, paused_replica):
    found_company()

    with reading_replica():
        assert Company.objects.count() == 1
    assert Company.objects.count() == 2


def test_after_a_write_the_request_reads_from_the_primary(at_initech, paused_replica):
    with read_your_writes(), reading_replica():
        assert Company.objects.all().db == "replica"
        found_company()
        assert Company.objects.count() == 2


def test_a_transaction_reads_from_the_primary(at_initech):
    with reading_replica(), transaction.atomic():
        assert Company.objects.all().db == "default"
        assert reads.reading() is connections["default"]


def test_a_write_to_the_replica_is_refused(at_initech):
    with pytest.raises(InternalError, match="read-only"):
        Company.objects.using("replica").update(name="Never")


def test_a_row_from_the_replica_is_saved_to_the_primary(at_initech):
    with reading_replica():
        company = Company.objects.get()
    assert company._state.db == "replica"

    company.name = "Renamed"
    company.save()

    assert Company.objects.using("default").get().name == "Renamed"


def test_rows_of_replica_and_primary_can_be_related(at_initech):
    with reading_replica():
        parent = Company.objects.get()

    child = Company(code="SUB", name="Subsidiary", currency="EUR", parent=parent)

    assert child.parent == parent


def test_a_position_ahead_of_the_replica_reads_from_the_primary(at_initech, paused_replica):
    found_company()
    with read_your_writes(reads.position()), reading_replica():
        assert Company.objects.count() == 2


def test_a_position_that_was_replayed_reads_from_the_replica(at_initech, replica):
    found_company()
    seen = reads.position()
    replica()

    with read_your_writes(seen), reading_replica():
        assert Company.objects.all().db == "replica"
        assert Company.objects.count() == 2


@pytest.mark.exhaustive("every spelling", over="position")
@pytest.mark.parametrize("position", ["east:nonsense", "east:0/ZZ", "home:0/1", "' OR 1=1", "east:"])
def test_with_an_invalid_position_the_primary_is_read(at_initech, position):
    with read_your_writes(position), reading_replica():
        assert Company.objects.all().db == "default"


def test_an_unreachable_replica_is_replaced_by_the_primary(at_initech, caplog):
    connections["replica@east"].close()
    connections.settings["replica@east"]["PORT"] = "1"

    with reading_replica():
        assert Company.objects.get().name == "Initech"
    assert "unavailable" in caplog.text


def test_a_decorated_report_reads_from_the_replica(at_initech):
    @reads_from_replica
    def report():
        return Company.objects.all().db

    assert report() == "replica"


def test_a_cached_value_is_read_from_the_primary(at_initech, paused_replica):
    """Even when a report loads it first, from a lagging replica after an invalidation."""
    companies = Cached("companies-counted", lambda _: Company.objects.count(), shape=int, ttl=60)
    companies.get("all")
    found_company()
    companies.invalidate()

    with reading_replica():
        assert Company.objects.count() == 1
        assert companies.get("all") == 2
        assert Company.objects.all().db == "replica"
    assert companies.get("all") == 2


def test_a_cached_report_is_read_from_the_primary(at_initech, paused_replica):
    companies = Cached(
        "companies-reported", reads_from_replica(lambda _: Company.objects.count()), shape=int, ttl=60
    )
    found_company()

    assert companies.get("all") == 2


def test_without_a_cache_a_loader_reads_from_the_primary(at_initech, paused_replica, monkeypatch):
    companies = Cached("companies-uncached", lambda _: Company.objects.count(), shape=int, ttl=60)
    monkeypatch.setattr(stamps, "STAMPS", Mock(of=Mock(side_effect=RedisError)))
    found_company()

    with reading_replica():
        assert companies.get("all") == 2


def test_the_response_to_a_write_has_the_log_position(at_initech, rf):
    response = ReadAfterWriteMiddleware(lambda request: found_company() or HttpResponse())(rf.post("/"))

    assert response.headers[HEADER].startswith("east:")
    assert response.cookies[COOKIE].value == response.headers[HEADER]
    assert response.cookies[COOKIE]["httponly"]


def test_a_request_with_the_position_reads_its_own_write(at_initech, rf, paused_replica):
    def report(request):
        with reading_replica():
            return HttpResponse(str(Company.objects.count()))

    wrote = ReadAfterWriteMiddleware(lambda request: found_company() or HttpResponse())(rf.post("/"))
    headers = {HEADER: wrote.headers[HEADER]}

    assert ReadAfterWriteMiddleware(report)(rf.get("/", headers=headers)).content == b"2"
    assert ReadAfterWriteMiddleware(report)(rf.get("/")).content == b"1"


def test_the_response_to_a_read_has_no_position(at_initech, rf):
    response = ReadAfterWriteMiddleware(lambda request: HttpResponse(str(User.objects.count())))(rf.get("/"))

    assert HEADER not in response.headers


def test_without_a_replica_a_response_has_no_position(at_acme, rf):
    response = ReadAfterWriteMiddleware(lambda request: found_company() or HttpResponse())(rf.post("/"))

    assert HEADER not in response.headers
    assert connection.alias == "default"
