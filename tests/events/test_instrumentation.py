"""Business events, recorded by the drivers after the commit."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from prometheus_client import REGISTRY

from apps.events import EVENTS, Event, publish
from apps.kernel.correlation import correlated, correlation_id
from apps.kernel.observability import instrumentation
from apps.kernel.observability.instrumentation import REQUIRED, BusinessEvent, fault_of, record
from apps.kernel.tenant import activate
from apps.monitoring.checks import business_events_must_have_ids, instrumentation_must_be_configured

RECORDED: list[BusinessEvent] = []


class Notebook:
    """A third-party driver, configured by its dotted path."""

    def record(self, event: BusinessEvent) -> None:
        RECORDED.append(event)


class Broken:
    def record(self, event: BusinessEvent) -> None:
        raise OSError("the vendor is unreachable")


@dataclass(frozen=True, kw_only=True)
class SubscriptionShifted(Event):
    """An event of this test."""

    name = "subscription.shifted"
    instrumented_as = "subscription_changed"

    subscription_id: int
    company_id: int | None = None
    plan: str = ""

    @property
    def aggregate(self) -> str:
        return f"subscription:{self.subscription_id}"


@pytest.fixture
def drivers():
    RECORDED.clear()
    with override_settings(INSTRUMENTATION_DRIVER=[f"{__name__}.Broken", f"{__name__}.Notebook"]):
        yield RECORDED


def test_an_event_is_recorded_after_the_commit_with_tenant_and_ids(at_acme, drivers):
    with transaction.atomic():
        publish(SubscriptionShifted(subscription_id=7, plan="large"))
        assert drivers == []

    (event,) = drivers
    assert (event.name, event.tenant_id, event.ids) == (
        "subscription_changed",
        at_acme.id,
        {"subscription_id": 7},
    )
    assert event.at.tzinfo == dt.UTC


def test_an_event_is_recorded_in_the_context_of_the_change(at_acme, monkeypatch):
    known = []
    monkeypatch.setattr(instrumentation, "record", lambda event: known.append(correlation_id()))

    with transaction.atomic():
        with correlated("request-1"):
            publish(SubscriptionShifted(subscription_id=7))
        assert correlation_id() is None

    assert known == ["request-1"]


def test_an_event_of_a_rolled_back_transaction_is_not_recorded(at_acme, drivers):
    with transaction.atomic():
        publish(SubscriptionShifted(subscription_id=7))
        transaction.set_rollback(True)

    assert drivers == []


def test_a_platform_event_has_no_tenant(db, drivers):
    with activate(None), transaction.atomic():
        publish(SubscriptionShifted(subscription_id=7))

    assert drivers[0].tenant_id is None


def business_event(name: str) -> BusinessEvent:
    return BusinessEvent(
        name=name, tenant_id=3, ids=dict.fromkeys(REQUIRED[name], 7), at=dt.datetime.now(dt.UTC)
    )


@pytest.mark.parametrize("name", REQUIRED)
def test_the_log_driver_writes_tenant_and_ids(name, caplog):
    with caplog.at_level(logging.INFO, "bursar.instrumentation"):
        record(business_event(name))

    (line,) = [line for line in caplog.records if line.name == "bursar.instrumentation"]
    assert (line.getMessage(), line.tenant_id) == (name, 3)
    assert all(getattr(line, key) == 7 for key in REQUIRED[name])


@pytest.mark.parametrize("name", REQUIRED)
@override_settings(INSTRUMENTATION_DRIVER=["apps.kernel.observability.instrumentation.PrometheusDriver"])
def test_the_prometheus_driver_counts_events(name):
    before = REGISTRY.get_sample_value("bursar_instrumented_events_total", {"name": name}) or 0

    record(business_event(name))

    assert REGISTRY.get_sample_value("bursar_instrumented_events_total", {"name": name}) == before + 1


def test_an_unknown_name_is_a_fault():
    assert "no instrumentation event order_lost" in fault_of("order_lost", SubscriptionShifted)
    assert fault_of("order_created", SubscriptionShifted) == "order_created must have order_id"
    assert fault_of("subscription_changed", SubscriptionShifted) == ""
    assert business_events_must_have_ids() == []


def test_an_event_without_the_required_ids_is_refused(monkeypatch):
    monkeypatch.setattr(SubscriptionShifted, "instrumented_as", "order_created")

    (error,) = business_events_must_have_ids()

    assert (error.id, error.msg) == (
        "monitoring.E002",
        "subscription.shifted: order_created must have order_id",
    )


def test_every_business_event_has_a_publisher():
    names = {event.instrumented_as for event in EVENTS.values() if event.instrumented_as}

    assert names == set(REQUIRED)


@override_settings(INSTRUMENTATION_DRIVER=["apps.nowhere.Driver"])
def test_an_unknown_driver_is_refused():
    (error,) = instrumentation_must_be_configured()

    assert "apps.nowhere" in error.msg


@override_settings(INSTRUMENTATION_DRIVER=["apps.kernel.observability.instrumentation.OtlpDriver"])
def test_the_otlp_driver_without_a_collector_is_refused():
    (error,) = instrumentation_must_be_configured()

    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in error.msg


def test_the_log_driver_is_the_default():
    assert settings.INSTRUMENTATION_DRIVER == ["apps.kernel.observability.instrumentation.LogDriver"]
    assert instrumentation_must_be_configured() == []
