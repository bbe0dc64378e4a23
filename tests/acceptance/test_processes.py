"""Real web, relay, worker and beat processes: an entry posted over HTTP reaches a listener."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests
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
from tests.conftest import PASSWORD

ROOT = Path(__file__).parents[2]
PATIENCE = 30
RUNTIME_ONLY = "DATABASE_OWNER_URL DATABASE_RELAY_URL DATABASE_KEEPER_URL"


@pytest.fixture
def environment(database: str) -> dict[str, str]:
    """What a process of production would know, for this test's database."""
    known = dict(os.environ)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_RELAY_URL", "DATABASE_KEEPER_URL"):
        known[name] = re.sub(r"/[^/]*$", f"/{database}", known[name])
    return known


@pytest.fixture
def port() -> int:
    return free_port()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@contextlib.contextmanager
def running(
    environment: dict[str, str], *command: str, without: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    env = {name: value for name, value in environment.items() if name not in without.split()}
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def house(environment: dict[str, str], port: int) -> Iterator[str]:
    """The address of a web process, beside which a relay and an audit worker run."""
    with (
        running(
            environment,
            "gunicorn",
            "config.wsgi",
            "-b",
            f"127.0.0.1:{port}",
            "-k",
            "gthread",
            "--threads",
            "4",
            without=RUNTIME_ONLY,
        ),
        running(environment, "django", "relay", without="DATABASE_OWNER_URL"),
        worker(environment, "audit"),
    ):
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(f"{address}/healthz"))
        yield address


def worker(
    environment: dict[str, str], queue: str
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    return running(
        environment,
        "celery",
        "-A",
        "config",
        "worker",
        "-Q",
        queue,
        "-c",
        "1",
        "-n",
        f"{queue}@test",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "-l",
        "WARNING",
        without=RUNTIME_ONLY,
    )


def answers(address: str) -> bool:
    with contextlib.suppress(requests.RequestException):  # the socket is there before the one who answers
        return requests.get(address, timeout=5).ok
    return False


def eventually(condition, patience: float = PATIENCE):  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


class Visitor:
    """Somebody who logs in over HTTP and posts JSON."""

    def __init__(self, console: str, email: str) -> None:
        self.console, self.session = console, requests.Session()
        form = self.session.get(f"{console}/accounts/login/", timeout=10).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        answer = self.session.post(
            f"{console}/accounts/login/",
            {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
            headers={"referer": console},
            timeout=10,
        )
        assert answer.ok, answer.text[:300]
        me = self.session.get(f"{console}/api/v1/identity/me/", timeout=10).json()
        self.session.headers.update({"x-csrftoken": me["csrf_token"], "referer": console})

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        """Under a key of its own."""
        named = {"idempotency-key": uuid4().hex, **headers}
        return self.session.post(f"{self.console}/api/v1/{path}", json=body, headers=named, timeout=10)


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
def accounts(acme, globex):  # type: ignore[no-untyped-def]
    for tenant in (acme, globex):
        with activate(tenant):
            for code, name, kind in (("1000", "Cash", "asset"), ("4000", "Sales", "income")):
                dispatch(OpenAccount(code=code, name=name, type=kind), actor=System("The suite"))


def test_an_entry_posted_over_http_reaches_its_listener_once(house, accounts, acme, globex):
    before = TenantActivity.objects.get(tenant_id=acme.id).entries_posted
    accountant = Visitor(f"{house}/t/acme", "accountant@acme.example")

    answer = accountant.post("ledger/entries/", entry(), **{"x-correlation-id": "acceptance-1"})

    assert answer.status_code == 201, answer.text
    assert answer.headers["x-correlation-id"] == "acceptance-1"
    eventually(lambda: TenantActivity.objects.get(tenant_id=acme.id).entries_posted == before + 1)
    event = OutboxEvent.objects.get(correlation_id="acceptance-1", name="entry.posted")
    counted = Delivery.objects.filter(event=event, subscriber="operations.count_entry")
    eventually(lambda: counted.get().status == "done")
    with activate(acme):
        assert Record.objects.get(correlation_id="acceptance-1").command == "ledger.post_entry"
        assert Entry.objects.get(pk=answer.json()["id"]).memo == "Cash sale"
    assert TenantActivity.objects.get(tenant_id=globex.id).entries_posted == 0


def test_what_was_posted_while_the_broker_was_flushed_is_heard_all_the_same(house, accounts, acme):
    from apps.kernel import caching

    accountant = Visitor(f"{house}/t/acme", "accountant@acme.example")
    for _ in range(5):
        assert accountant.post("ledger/entries/", entry()).status_code == 201
    caching._client().delete("audit", "unacked", "unacked_index")

    eventually(lambda: TenantActivity.objects.get(tenant_id=acme.id).entries_posted == 5, patience=60)


def test_beat_sends_the_sweep(environment, tmp_path):
    from apps.kernel import caching

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
        eventually(lambda: caching._client().llen("default") > 0, patience=60)


def test_the_runtime_processes_know_neither_owner_nor_relay_nor_keeper(environment):
    code = "import django; django.setup(); from django.db import connections; print(sorted(connections))"
    env = {k: v for k, v in environment.items() if k not in RUNTIME_ONLY.split()}
    known = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert known.stdout.strip() == "['control', 'default']"
    assert "owner" in connections
