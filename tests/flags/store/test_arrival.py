"""Arrival of a change: each process reports the epoch that it serves, and one that does not is named."""

import os
import signal
import subprocess
import sys
import time

import pytest

from apps.flags import queries as flags
from apps.flags.store import freshness, processes
from apps.kernel.cache import redis_client
from apps.kernel.tenant import activate
from tests.support.processes import ROOT, eventually, free_port, running, worker
from tests.support.served_flags import document, kill, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def reporter(db):
    """This process, as one that serves."""
    reporter = processes.Reporter()
    reporter.start("web")
    eventually(processes.registered)
    yield reporter
    reporter.stop()


def epoch_after(change):
    change()
    return flags.epoch()


def test_a_process_reports_a_change_of_the_platform(reporter):
    epoch = epoch_after(lambda: serve(document()))

    arrival = flags.wait_for_arrival(epoch)

    assert [(one.kind, one.processes) for one in arrival.reported] == [("web", 1)]
    assert arrival.is_complete
    assert not arrival.missing


def test_a_process_reports_a_kill_in_a_tenant(reporter, acme, globex):
    with activate(acme):
        serve_and_read()
        epoch = epoch_after(kill)
        assert flags.wait_for_arrival(epoch).is_complete
    with activate(globex):
        assert flags.epoch() == 0


def serve_and_read():
    flags.is_on("sales.new-order-screen")


def test_every_change_moves_the_epoch_upwards(db, acme):
    first = epoch_after(lambda: serve(document()))
    second = epoch_after(kill)

    assert 0 < first < second
    with activate(acme):
        assert flags.epoch() == 0


def test_without_any_process_an_arrival_is_not_complete(db):
    epoch = epoch_after(lambda: serve(document()))

    assert not flags.arrival(epoch).is_complete


def test_a_process_that_reports_nothing_is_named(reporter):
    """Another node has a process that registered, and is silent since."""
    silent = processes.Process("s" * 16, "worker default", "node-2", 17, "1", time.time(), time.time())
    redis_client.client().hset(processes.PROCESSES, silent.id, _json(silent))

    arrival = flags.wait_for_arrival(epoch_after(kill), within_s=0.5)

    assert not arrival.is_complete
    assert [(one.kind, one.node, one.pid) for one in arrival.missing] == [("worker default", "node-2", 17)]
    assert "worker default on node-2" in str(arrival.missing[0])


def _json(process):
    import json
    from dataclasses import asdict

    return json.dumps(asdict(process))


def test_the_entry_of_a_process_that_has_ended_is_removed(reporter):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    entry = processes.Process(
        "e" * 16, "web", processes.node(), int(ended.stdout), processes.namespace(), time.time(), time.time()
    )
    redis_client.client().hset(processes.PROCESSES, entry.id, _json(entry))

    assert flags.wait_for_arrival(epoch_after(kill)).is_complete


def test_without_redis_the_arrival_is_unknown(db, monkeypatch, settings):
    epoch = epoch_after(kill)
    monkeypatch.setattr(redis_client, "_clients", {})
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"

    arrival = flags.arrival(epoch)

    assert not arrival.is_known
    assert not arrival.is_complete


def test_a_change_announces_itself_after_the_commit(db):
    assert freshness.stamp_name().startswith("tenant:public:")


@pytest.mark.exhaustive("starts a web server, a worker and a relay")
def test_processes_of_every_kind_report_and_a_stopped_one_is_named(environment, port):
    with (
        running(environment, "gunicorn", *_web(port)),
        worker(environment, "default"),
        subprocess.Popen([sys.executable, "manage.py", "relay"], cwd=ROOT, env=environment) as relay,
    ):
        try:
            kinds = {"web", "worker default", "relay"}
            eventually(lambda: {one.kind for one in processes.registered()} >= kinds or None)
            serve(document())
            complete = flags.wait_for_arrival(within_s=60)
            assert complete.is_complete, complete.missing
            assert {one.kind for one in (*complete.reported, *complete.late)} == kinds

            stopped = next(one for one in processes.registered() if one.kind == "worker default")
            os.kill(stopped.pid, signal.SIGSTOP)
            kill()
            arrival = flags.wait_for_arrival()

            assert [one.pid for one in arrival.missing] == [stopped.pid]
            assert not arrival.is_complete
            os.kill(stopped.pid, signal.SIGCONT)
            assert flags.wait_for_arrival(within_s=60).is_complete
        finally:
            relay.kill()


def _web(port):
    return ("--config", "python:config.web.server", "--bind", f"127.0.0.1:{port}", "--workers", "1")
