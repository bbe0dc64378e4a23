"""The metrics for Prometheus."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from celery.exceptions import Ignore, Retry
from django.test import Client, override_settings
from prometheus_client import Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from apps.bus import dispatch
from apps.bus.tasks import forget_expired_keys
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route
from apps.kernel.cache.caching import Cached
from apps.kernel.observability import metrics
from apps.kernel.observability.metrics import exposed
from apps.kernel.observability.observation import observed_task
from apps.kernel.tenant import activate
from apps.monitoring.gauges import DatabaseCollector
from apps.settings.commands import ChangeSetting
from tests.support.settling import settle

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def counts_of_this_test():
    """Metrics without the samples of earlier tests, which take a second to read."""
    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Histogram):
            metric.clear()


def scraped(text: str | None = None):
    """{(sample, frozen labels): value}"""
    families = text_string_to_metric_families(text or exposed(DatabaseCollector()).decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples, name, **labels):
    return samples.get((name, frozenset(labels.items())), 0)


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


def test_requests_are_counted_by_route_without_paths(client_for, auditor):
    client, before = client_for(auditor), scraped()
    for path in ("ledger/entries/1/", "ledger/entries/2/", "no/such/address/"):
        client.get(f"/t/acme/api/v1/{path}")

    after = scraped()
    routes = {dict(labels)["route"] for name, labels in after if name == "bursar_http_requests_total"}
    (entry,) = (
        route for route in routes if route.startswith("api/v1/ledger/entries/<int:") and route.count("/") == 5
    )
    labels = {"module": "ledger", "route": entry, "method": "GET"}
    for name, of in (
        ("bursar_http_requests_total", {**labels, "status": "4xx"}),
        ("bursar_http_request_seconds_count", labels),
    ):
        assert value(after, name, **of) == value(before, name, **of) + 2
    assert not any("entries/1" in route or "such" in route or "acme" in route for route in routes)


@pytest.mark.exhaustive("a process for each outcome", by=())
@pytest.mark.parametrize(
    ("ends", "outcome"), [(None, "done"), (ValueError, "failed"), (Retry, "retried"), (Ignore, "put back")]
)
def test_tasks_are_counted_by_queue_and_outcome(ends, outcome):
    before = scraped(exposed().decode())

    with suppress(ValueError, Retry, Ignore), observed_task("tests.work", "low", sent_at=None, tries=0):
        if ends:
            raise ends

    after, labels = scraped(exposed().decode()), {"queue": "low", "task": "tests.work"}
    for name, of in (
        ("bursar_tasks_total", {**labels, "outcome": outcome}),
        ("bursar_task_seconds_count", labels),
    ):
        assert value(after, name, **of) == value(before, name, **of) + 1


@pytest.mark.exhaustive("a process for each kind of task", by=())
@pytest.mark.parametrize(("tries", "waited"), [(0, 5), (1, 0)])
def test_the_wait_of_a_task_is_measured_at_its_first_attempt(tries, waited):
    before = value(scraped(exposed().decode()), "bursar_queue_wait_seconds_sum", queue="low")

    with observed_task("tests.work", "low", sent_at=time.time() - 5, tries=tries):
        pass

    after = value(scraped(exposed().decode()), "bursar_queue_wait_seconds_sum", queue="low")
    assert after - before == pytest.approx(waited, abs=1)


def test_a_real_task_is_counted_with_its_wait(at_acme):
    before = scraped()

    forget_expired_keys.apply(headers={"tenant": at_acme.id, "sent_at": time.time()}, throw=True)

    after = scraped()
    for name, labels in (
        ("bursar_tasks_total", {"queue": "low", "task": "bus.forget_expired_keys", "outcome": "done"}),
        ("bursar_queue_wait_seconds_count", {"queue": "low"}),
    ):
        assert value(after, name, **labels) == value(before, name, **labels) + 1


def test_published_events_are_counted_with_their_deliveries(at_acme, owner):
    settle()
    before, setting = scraped(), {"module": "settings", "event": "setting.changed"}
    subscriber = {"module": "webhooks", "subscriber": "webhooks.notify_endpoints"}

    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    with activate(None):
        route()
    waiting = scraped()
    settle()

    after = scraped()
    deliveries = "bursar_deliveries_pending"
    assert value(waiting, deliveries, **subscriber) == value(before, deliveries, **subscriber) + 1
    assert value(waiting, "bursar_deliveries_pending_age_seconds", **subscriber) > 0
    assert value(after, deliveries, **subscriber) == value(before, deliveries, **subscriber)
    for name, labels in (
        ("bursar_events_published_total", setting),
        ("bursar_deliveries_total", {**subscriber, "outcome": "handled"}),
    ):
        assert value(after, name, **labels) == value(before, name, **labels) + 1


def test_dead_letters_are_counted_by_subscriber(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    with activate(None):
        route()
    Delivery.objects.filter(event__name="setting.changed").update(status="dead")

    assert (
        value(scraped(), "bursar_deliveries_dead", module="webhooks", subscriber="webhooks.notify_endpoints")
        == 1
    )


def test_cache_lookups_are_counted_by_the_level_of_the_hit(at_acme):
    before = scraped()

    one = Cached("shelf", str.upper, shape=str, ttl=60)
    one.get("a")
    one.get("a")
    Cached("shelf", str.upper, shape=str, ttl=60).get("a")

    after = scraped()
    for level in ("nowhere", "memory", "redis"):
        labels = {"area": "shelf", "level": level}
        name = "bursar_cache_lookups_total"
        assert value(after, name, **labels) == value(before, name, **labels) + 1, level


def test_no_label_names_a_tenant(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)

    text = exposed(DatabaseCollector()).decode()
    assert "settings.change_setting" in text
    assert "acme" not in text


def test_the_backlog_is_read_from_the_database(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)

    samples = scraped()

    waiting = OutboxEvent.objects.filter(routed_at=None).count()
    assert value(samples, "bursar_outbox_unrouted") == waiting >= 1
    assert value(samples, "bursar_outbox_unrouted_age_seconds") >= 0
    assert value(samples, "bursar_database_up") == 1


def test_an_unreachable_database_is_a_sample_with_the_value_zero(db, monkeypatch):
    monkeypatch.setattr("apps.monitoring.gauges._OUTBOX", "SELECT pg_sleep(5)")
    monkeypatch.setattr("apps.monitoring.gauges.STATEMENT_TIMEOUT", "20ms")

    samples = scraped()

    assert value(samples, "bursar_database_up") == 0
    assert not any(name == "bursar_outbox_unrouted" for name, _ in samples)


def test_metrics_require_the_token_or_the_permission(client_for, operator, db):
    with override_settings(METRICS_TOKEN="a-long-token"):
        assert Client().get("/metrics").status_code == 403
        assert Client().get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403
        response = Client().get("/metrics", headers={"authorization": "Bearer a-long-token"})

    assert response.status_code == 200
    assert "bursar_http_requests_total" in response.content.decode()
    assert client_for(operator, None).get("/metrics").status_code == 200


def test_an_empty_token_is_refused_without_a_configured_one(db):
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 403


def test_a_tenant_has_no_metrics(client_for, owner):
    assert client_for(owner).get("/t/acme/metrics").status_code == 404


def test_counters_of_several_processes_are_added(tmp_path):
    count = (
        "from apps.kernel.observability.metrics import EVENTS; EVENTS.labels('ledger', 'entry.posted').inc()"
    )
    read = "from apps.kernel.observability.metrics import exposed; print(exposed().decode())"
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], env=env, cwd=ROOT, check=True)
    reader = subprocess.run(
        [sys.executable, "-c", read], env=env, cwd=ROOT, check=True, capture_output=True, text=True
    )

    samples = scraped(reader.stdout)
    assert value(samples, "bursar_events_published_total", module="ledger", event="entry.posted") == 2
