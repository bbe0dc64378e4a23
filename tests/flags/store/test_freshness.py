"""Flags come from memory, and a change is visible in every process at its commit."""

import subprocess
import sys
import time

import pytest
import redis
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.flags import queries as flags
from apps.flags.store import counts, platform, processes, served, tenants
from apps.kernel.actors import acting_as
from apps.kernel.cache import redis_client, stamps
from apps.kernel.observability import metrics
from apps.kernel.tenant import activate
from tests.support.processes import ROOT, eventually, free_port
from tests.support.served_flags import KEY, document, kill, narrow, serve

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten():
    served.SERVED.forget()
    yield
    served.SERVED.forget()


@pytest.fixture
def sent(monkeypatch):
    """What this thread sends to Redis."""
    import threading

    commands, thread = [], threading.get_ident()
    send = redis.connection.AbstractConnection.send_packed_command

    def spy(self, command, *args, **kwargs):
        if threading.get_ident() == thread:
            commands.append(command)
        return send(self, command, *args, **kwargs)

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", spy)
    return commands


def listens():
    """Whether this process receives stamps."""
    flags.rule_set()
    return stamps.STAMPS._listener.listening.is_set() or None


def test_in_the_steady_state_an_evaluation_takes_no_sql_and_no_network_call(acme, owner, sent):
    serve(document(roles=["owner"], entitlement="companies.companies"))
    with activate(acme), acting_as(owner):
        narrow(enabled=True)
        eventually(listens)
        assert flags.is_on(KEY)
        served.SERVED._held[acme.id].until = 0.0  # the comparison of each second is included
        sent.clear()
        with CaptureQueriesContext(connection) as here, CaptureQueriesContext(connections["control"]) as home:
            for _ in range(2_000):
                assert flags.is_on(KEY, company=7)
            flags.evaluate_all()
            flags.explain(KEY)

    assert (len(here), len(home), sent) == (0, 0, [])


def test_rules_of_the_platform_are_compiled_once_for_all_tenants(acme, globex, monkeypatch):
    compilations = []
    original = served.RuleSet

    def counted(*args, **kwargs):
        compilations.append(kwargs["epoch"])
        return original(*args, **kwargs)

    monkeypatch.setattr(served, "RuleSet", counted)
    serve(document())
    for tenant in (acme, globex, None, acme):
        with activate(tenant):
            assert flags.is_on(KEY)

    assert len(compilations) == 1


def test_the_lifetime_in_redis_is_a_minute(acme):
    with activate(acme):
        flags.is_on(KEY)

    for area in (platform.AREA, tenants.AREA):
        (key,) = redis_client.client().scan_iter(match=f"tenant:*:{area}:all@*")
        assert 55 <= redis_client.client().ttl(key) <= 60


def test_one_stamp_invalidates_all_flags_of_a_tenant_and_no_other(acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            narrow(enabled=False)
            flags.is_on(KEY)
    stamp = f"tenant:{globex.id}:flags:stamp"
    before = redis_client.client().get(stamp)

    with activate(acme):
        narrow(enabled=True)

    assert redis_client.client().get(stamp) == before


def test_after_a_flush_of_redis_the_values_are_right(acme):
    serve(document())
    with activate(acme):
        assert flags.is_on(KEY)
        redis_client.client().flushdb()
        stamps.STAMPS.forget()
        assert flags.is_on(KEY)
        kill()
        assert flags.is_on(KEY) is False


def test_without_redis_the_database_is_read(acme, settings, monkeypatch):
    serve(document())
    monkeypatch.setattr(redis_client, "_clients", {})
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(stamps, "STAMPS", stamps.Stamps())
    served.SERVED.forget()

    with activate(acme):
        assert flags.is_on(KEY) is True
        kill()
        served.SERVED._held[acme.id].until = 0.0  # a second later
        assert flags.is_on(KEY) is False


def test_without_redis_many_evaluations_take_the_sql_of_one(acme, owner, settings, monkeypatch):
    serve(document(roles=["owner"]))
    monkeypatch.setattr(redis_client, "_clients", {})
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(stamps, "STAMPS", stamps.Stamps())
    served.SERVED.forget()

    with activate(acme), acting_as(owner):
        assert flags.is_on(KEY)
        moment = served.time.monotonic()
        monkeypatch.setattr(served.time, "monotonic", lambda: moment)
        with CaptureQueriesContext(connection) as here, CaptureQueriesContext(connections["control"]) as home:
            assert all(flags.is_on(KEY) for _ in range(20))

    assert (len(here), len(home)) == (0, 0)


def test_another_process_that_missed_nothing_serves_a_kill_at_once(acme):
    """A second memory with stamps of its own, as another process has."""
    serve(document())
    twin = served.Served(lambda: platform.cached.load("all"))
    with activate(acme):
        assert twin.view().evaluate(KEY, False, {}).value is True

    kill()

    with activate(acme):
        assert twin.view().evaluate(KEY, False, {}).reason == "KILLED"


def test_counts_are_exact_and_the_latency_is_sampled():
    serve(document())
    flags.is_on(KEY)
    counts.export()
    evaluations = metrics.FLAG_EVALUATIONS.labels("DEFAULT")
    before, sampled = evaluations._value.get(), _samples()

    for _ in range(4_096):
        flags.is_on(KEY)
    exported = counts.export()

    assert exported[KEY, "on", "DEFAULT"] == 4_096
    assert evaluations._value.get() - before == 4_096
    assert _samples() - sampled == 4


def _samples():
    return sum(bucket.get() for bucket in metrics.FLAG_EVALUATION_SECONDS._buckets)


SECOND_PROCESS = """
import sys
import django
django.setup()
from apps.flags import queries as flags
from apps.flags.store.processes import REPORTER
from apps.kernel.tenant import activate
from apps.tenancy.directory import by_slug
REPORTER.start("web")
for line in sys.stdin:
    with activate(by_slug(line.strip())):
        print(flags.evaluation("sales.new-order-screen").reason, flush=True)
"""


@pytest.mark.exhaustive("starts two processes")
def test_two_processes_converge_and_see_a_kill_at_once(environment, acme):
    """https://github.com/django-waffle/django-waffle/issues/264: each process had a value of its own."""
    serve(document())
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SECOND_PROCESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for _ in range(2)
    ]
    try:
        assert [_reason(process) for process in started] == ["DEFAULT", "DEFAULT"]
        eventually(lambda: len(processes.registered()) == 2 or None)
        began = time.time()
        kill()
        assert flags.wait_for_arrival().is_complete

        assert [_reason(process) for process in started] == ["KILLED", "KILLED"]
        assert time.time() - began < platform.CACHE_TTL_S
        with activate(acme):
            narrow(enabled=False)
            assert flags.wait_for_arrival().is_complete
    finally:
        for process in started:
            process.kill()


def _reason(process):
    process.stdin.write("acme\n")
    process.stdin.flush()
    return process.stdout.readline().strip()
