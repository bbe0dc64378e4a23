"""What Prometheus reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.events.models import OutboxEvent
from apps.kernel.metrics import exposed
from apps.monitoring.gauges import Waiting
from apps.preferences.commands import ChangeSetting

ROOT = Path(__file__).parents[2]


def scraped(text: str | None = None):
    """{(sample, frozen labels): value}"""
    families = text_string_to_metric_families(text or exposed(Waiting()).decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(found, name, **labels):
    return found.get((name, frozenset(labels.items())), 0)


def test_commands_are_counted_by_outcome(at_acme, owner):
    labels = {"module": "companies", "command": "companies.found_company"}
    before = scraped()

    dispatch(FoundCompany(code="PLANT", name="Plant", currency="EUR"), actor=owner)
    with pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="PLANT", name="Plant", currency="EUR"), actor=owner)

    after = scraped()
    for outcome in ("done", "refused"):
        name, of = "bursar_commands_total", {**labels, "outcome": outcome}
        assert value(after, name, **of) == value(before, name, **of) + 1
    assert value(after, "bursar_command_seconds_count", **labels) >= 2


def test_requests_are_counted_by_route_and_not_by_path(client_for, auditor):
    client = client_for(auditor)
    for path in ("ledger/entries/1/", "ledger/entries/2/", "no/such/address/"):
        client.get(f"/t/acme/api/v1/{path}")

    routes = {dict(labels)["route"] for name, labels in scraped() if name == "bursar_http_requests_total"}
    assert any(each.startswith("api/v1/ledger/entries/<int:") for each in routes)
    assert not any("entries/1" in each or "such" in each or "acme" in each for each in routes)


def test_no_label_names_a_tenant(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)

    assert "acme" not in exposed(Waiting()).decode()


def test_what_waits_is_read_from_the_database(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)

    found = scraped()

    waiting = OutboxEvent.objects.filter(routed_at=None).count()
    assert value(found, "bursar_outbox_unrouted") == waiting >= 1
    assert value(found, "bursar_outbox_unrouted_age_seconds") >= 0
    assert value(found, "bursar_database_answers") == 1


def test_a_database_that_does_not_answer_is_a_value_and_no_error(database, monkeypatch):
    monkeypatch.setattr("apps.monitoring.gauges._OUTBOX", "SELECT pg_sleep(5)")
    monkeypatch.setattr("apps.monitoring.gauges.PATIENCE", "20ms")

    found = scraped()

    assert value(found, "bursar_database_answers") == 0
    assert not any(name == "bursar_outbox_unrouted" for name, _ in found)


def test_it_is_read_with_the_token_or_the_permission(client_for, operator, database):
    with override_settings(METRICS_TOKEN="a-long-token"):
        assert Client().get("/metrics").status_code == 403
        assert Client().get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403
        answer = Client().get("/metrics", headers={"authorization": "Bearer a-long-token"})

    assert answer.status_code == 200
    assert "bursar_http_requests_total" in answer.content.decode()
    assert client_for(operator, None).get("/metrics").status_code == 200


def test_without_a_token_set_none_opens_it(database):
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 403


def test_a_tenant_has_no_metrics(client_for, owner):
    assert client_for(owner).get("/t/acme/metrics").status_code == 404


def test_processes_add_up(tmp_path):
    count = "from apps.kernel.metrics import EVENTS; EVENTS.labels('ledger', 'entry.posted').inc()"
    read = "from apps.kernel.metrics import exposed; print(exposed().decode())"
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], env=env, cwd=ROOT, check=True)
    read_by = subprocess.run(
        [sys.executable, "-c", read], env=env, cwd=ROOT, check=True, capture_output=True, text=True
    )

    found = scraped(read_by.stdout)
    assert value(found, "bursar_events_published_total", module="ledger", event="entry.posted") == 2
