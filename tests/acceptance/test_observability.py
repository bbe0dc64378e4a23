"""One id from the HTTP header to the row that the listener of a second event wrote, in a real web process and a real
worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.audit.models import Record
from apps.events.models import OutboxEvent
from apps.kernel.observability.traceparent import parse
from apps.kernel.tenant import activate
from apps.monitoring.request_traces import trace_of
from tests.support.processes import ROOT, eventually, responds
from tests.support.visitor import Visitor

REQUEST = "one-request-all-the-way"
CALLER_TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ORDER = {
    "customer": "HOOLI",
    "currency": "USD",
    "provider": "sandbox",
    "token": "tok_ok",
    "lines": [{"sku": "BOLT", "quantity": 4, "price": "1.50"}],
}


@contextmanager
def logging_to(log: Path, environment: dict[str, str], *command: str, without: str) -> Iterator[None]:
    known = {name: value for name, value in environment.items() if name not in without.split()}
    known |= {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO"}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=known, stderr=stderr, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def installation(environment, port, tmp_path) -> Iterator[str]:
    """A web process, a relay and workers of all queues, which write JSON lines."""
    web = f"gunicorn config.wsgi -b 127.0.0.1:{port} -k gthread --threads 2 --no-control-socket".split()
    worker = (
        "celery",
        "-A",
        "config",
        "worker",
        "-c",
        "1",
        "--without-gossip",
        "--without-mingle",
        "-l",
        "INFO",
        "-Q",
    )
    runtime = "DATABASE_OWNER_URL DATABASE_RELAY_URL"
    with (
        logging_to(tmp_path / "web.log", environment, *web, without=runtime),
        logging_to(tmp_path / "relay.log", environment, "django", "relay", without="DATABASE_OWNER_URL"),
        logging_to(tmp_path / "payments.log", environment, *worker, "financial", without=runtime),
        logging_to(
            tmp_path / "worker.log", environment, *worker, "default,billing,audit,low", without=runtime
        ),
    ):
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: responds(f"{address}/healthz"))
        yield address


def lines(log: Path) -> list[dict[str, str]]:
    """The log lines with the correlation ID of this test."""
    written = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in written if line.get("correlation_id") == REQUEST]


@pytest.mark.exhaustive("every process of an installation")
def test_one_correlation_id_joins_the_request_its_events_and_their_commands(
    installation, shop, acme, tmp_path
):
    seller = Visitor(f"{installation}/t/acme", "controller@acme.example")

    response = seller.post(
        "sales/orders/",
        ORDER,
        **{
            "x-correlation-id": REQUEST,
            "traceparent": CALLER_TRACEPARENT,
            "idempotency-key": "order-of-the-test",
        },
    )

    assert response.status_code == 201, response.text
    assert response.headers["x-correlation-id"] == REQUEST
    posted = eventually(
        lambda: Record.objects.filter(correlation_id=REQUEST, command="ledger.book_entry").first(),
    )
    assert posted.causation_id

    events = OutboxEvent.objects.filter(correlation_id=REQUEST)
    assert {"order.created", "payment.confirmed", "entry.posted"} <= {event.name for event in events}
    traces = {parse(event.traceparent).trace_id for event in events}
    assert len(traces) == 1
    assert parse(CALLER_TRACEPARENT).trace_id not in traces

    (trace,) = traces
    web = lines(tmp_path / "web.log")
    worker = lines(tmp_path / "payments.log") + lines(tmp_path / "worker.log")
    assert {"sales.place_order"} <= {line.get("command") for line in web}
    assert {line["caller_trace_id"] for line in web} == {parse(CALLER_TRACEPARENT).trace_id}
    assert {"ledger.book_entry"} <= {line.get("command") for line in worker}
    assert {line["trace_id"] for line in web} == {trace}
    assert trace in {line["trace_id"] for line in worker}
    assert {line["tenant"] for line in (*web, *worker)} == {"acme"}
    assert any(line.get("event") == "order_created" for line in web)
    assert any(line.get("causation_id", "").startswith("event:") for line in worker)

    with activate(acme):
        texts = [line.text for line in trace_of(REQUEST)]
    assert any("placed order" in text for text in texts)
    assert any("after 1 attempt and" in text for text in texts)


@pytest.mark.exhaustive("every process of an installation")
def test_a_problem_response_has_the_correlation_id(installation, acme):
    response = Visitor(f"{installation}/t/acme", "auditor@acme.example").post(
        "ledger/entries/", {}, **{"x-correlation-id": REQUEST}
    )

    assert response.status_code >= 400
    assert response.json()["correlation_id"] == response.headers["x-correlation-id"] == REQUEST
