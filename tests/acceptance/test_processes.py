"""Real web, relay, worker and beat processes: an entry posted over HTTP reaches a listener."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import connections

from apps.audit.models import Record
from apps.bus import dispatch
from apps.events.models import Delivery, OutboxEvent
from apps.kernel import clock
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Entry
from apps.tenancy.models import TenantActivity
from tests.support.processes import ROOT, RUNTIME_ONLY, eventually, responds, running, worker
from tests.support.visitor import Visitor


@pytest.fixture
def installation(environment: dict[str, str], port: int) -> Iterator[str]:
    """The address of a web process, beside which a relay and an audit worker run."""
    with (
        running(
            environment,
            "gunicorn",
            "-c",
            "python:config.web.server",
            "-b",
            f"127.0.0.1:{port}",
            without=RUNTIME_ONLY,
        ),
        running(environment, "django", "relay", without="DATABASE_OWNER_URL"),
        worker(environment, "audit"),
    ):
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: responds(f"{address}/healthz"))
        yield address


def entry(amount: str = "12.50") -> dict[str, object]:
    return {
        "posted_on": clock.today().isoformat(),
        "memo": "Cash sale",
        "lines": [
            {"account": "1000", "currency": "USD", "amount": amount},
            {"account": "4000", "currency": "USD", "amount": f"-{amount}"},
        ],
    }


@pytest.fixture
def accounts(acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            for code, name, kind in (("1000", "Cash", "asset"), ("4000", "Sales", "income")):
                dispatch(OpenAccount(code=code, name=name, type=kind), actor=System("The suite"))


@pytest.mark.slow("a web process, a relay and a worker")
def test_an_entry_posted_over_http_reaches_its_listener_once(installation, accounts, acme, globex):
    before = TenantActivity.objects.get(tenant_id=acme.id).entries_posted
    accountant = Visitor(f"{installation}/t/acme", "accountant@acme.example")

    response = accountant.post("ledger/entries/", entry(), **{"x-correlation-id": "acceptance-1"})

    assert response.status_code == 201, response.text
    assert response.headers["x-correlation-id"] == "acceptance-1"
    eventually(lambda: TenantActivity.objects.get(tenant_id=acme.id).entries_posted == before + 1)
    event = OutboxEvent.objects.get(correlation_id="acceptance-1", name="entry.posted")
    counted = Delivery.objects.filter(event=event, subscriber="operations.count_entry")
    eventually(lambda: counted.get().status == "done")
    with activate(acme):
        assert Record.objects.get(correlation_id="acceptance-1").command == "ledger.post_entry"
        assert Entry.objects.get(pk=response.json()["id"]).memo == "Cash sale"
    assert TenantActivity.objects.get(tenant_id=globex.id).entries_posted == 0


@pytest.mark.exhaustive("waits for a sweep")
def test_events_published_before_a_flush_of_the_broker_are_handled(installation, accounts, acme):
    from apps.kernel.cache import redis_client

    accountant = Visitor(f"{installation}/t/acme", "accountant@acme.example")
    for _ in range(5):
        assert accountant.post("ledger/entries/", entry()).status_code == 201
    redis_client.client().delete("audit", "unacked", "unacked_index")

    eventually(lambda: TenantActivity.objects.get(tenant_id=acme.id).entries_posted == 5)


@pytest.mark.exhaustive("waits for beat")
def test_beat_sends_the_sweep(environment, tmp_path):
    with running(
        environment,
        "celery",
        "-A",
        "config",
        "beat",
        "-s",
        str(tmp_path / "beat"),
        "--pidfile=",
        "-l",
        "WARNING",
        "--max-interval",
        "1",
    ):
        eventually(lambda: "events.sweep" in sent_to("default"))


def sent_to(queue: str) -> set[str]:
    from apps.kernel.cache import redis_client

    return {json.loads(message)["headers"]["task"] for message in redis_client.client().lrange(queue, 0, -1)}


@pytest.mark.slow("starts a process")
def test_the_runtime_processes_know_neither_owner_nor_relay_nor_backup_worker(environment):
    code = "import django; django.setup(); from django.db import connections; print(sorted(connections))"
    env = {k: v for k, v in environment.items() if k not in RUNTIME_ONLY.split()}
    known = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert known.stdout.strip() == "['control', 'default']"
    assert "owner" in connections
