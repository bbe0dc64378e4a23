"""Business events, told to the drivers after the commit."""

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
from apps.kernel import instrumentation
from apps.kernel.correlation import correlated, correlation_id
from apps.kernel.instrumentation import REQUIRED, BusinessEvent, fault_of, record
from apps.kernel.tenant import activate
from apps.monitoring.checks import business_events_bring_their_ids, watchers_are_there

HEARD: list[BusinessEvent] = []


class Notebook:
    """A driver of somebody else's, known by its dotted path."""

    def record(self, happening: BusinessEvent) -> None:
        HEARD.append(happening)


class Broken:
    def record(self, happening: BusinessEvent) -> None:
        raise OSError("the vendor is away")


@dataclass(frozen=True, kw_only=True)
class SubscriptionShifted(Event):
    """One of the test's own."""

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
    HEARD.clear()
    with override_settings(INSTRUMENTATION_DRIVER=[f"{__name__}.Broken", f"{__name__}.Notebook"]):
        yield HEARD


def test_drivers_are_told_after_the_commit_with_tenant_and_ids(at_acme, drivers):
    with transaction.atomic():
        publish(SubscriptionShifted(subscription_id=7, plan="large"))
        assert drivers == []

    (told,) = drivers
    assert (told.name, told.tenant_id, told.ids) == (
        "subscription_changed",
        at_acme.id,
        {"subscription_id": 7},
    )
    assert told.at.tzinfo == dt.UTC


def test_they_are_told_in_the_context_of_the_change(at_acme, monkeypatch):
    known = []
    monkeypatch.setattr(instrumentation, "record", lambda happening: known.append(correlation_id()))

    with transaction.atomic():
        with correlated("request-1"):
            publish(SubscriptionShifted(subscription_id=7))
        assert correlation_id() is None

    assert known == ["request-1"]


def test_what_is_not_kept_is_not_told(at_acme, drivers):
    with transaction.atomic():
        publish(SubscriptionShifted(subscription_id=7))
        transaction.set_rollback(True)

    assert drivers == []


def test_the_platforms_own_has_no_tenant(db, drivers):
    with activate(None), transaction.atomic():
        publish(SubscriptionShifted(subscription_id=7))

    assert drivers[0].tenant_id is None


def happening(name: str) -> BusinessEvent:
    return BusinessEvent(
        name=name, tenant_id=3, ids=dict.fromkeys(REQUIRED[name], 7), at=dt.datetime.now(dt.UTC)
    )


@pytest.mark.parametrize("name", REQUIRED)
def test_the_log_says_each_with_tenant_and_ids(name, caplog):
    with caplog.at_level(logging.INFO, "bursar.instrumentation"):
        record(happening(name))

    (line,) = [line for line in caplog.records if line.name == "bursar.instrumentation"]
    assert (line.getMessage(), line.tenant_id) == (name, 3)
    assert all(getattr(line, each) == 7 for each in REQUIRED[name])


@pytest.mark.parametrize("name", REQUIRED)
@override_settings(INSTRUMENTATION_DRIVER=["apps.kernel.instrumentation.PrometheusDriver"])
def test_prometheus_counts_each(name):
    before = REGISTRY.get_sample_value("bursar_instrumented_events_total", {"name": name}) or 0

    record(happening(name))

    assert REGISTRY.get_sample_value("bursar_instrumented_events_total", {"name": name}) == before + 1


def test_a_name_that_is_not_there_or_without_its_ids_does_not_start():
    assert "no instrumentation event order_lost" in fault_of("order_lost", SubscriptionShifted)
    assert fault_of("order_created", SubscriptionShifted) == "order_created must tell order_id"
    assert fault_of("subscription_changed", SubscriptionShifted) == ""
    assert business_events_bring_their_ids() == []


def test_an_event_without_the_ids_of_its_name_does_not_start(monkeypatch):
    monkeypatch.setattr(SubscriptionShifted, "instrumented_as", "order_created")

    (error,) = business_events_bring_their_ids()

    assert (error.id, error.msg) == (
        "monitoring.E002",
        "subscription.shifted: order_created must tell order_id",
    )


def test_those_who_trade_are_instrumented():
    told = {event.instrumented_as for event in EVENTS.values() if event.instrumented_as}

    assert told == set(REQUIRED)


@override_settings(INSTRUMENTATION_DRIVER=["apps.nowhere.Driver"])
def test_a_driver_that_is_not_there_does_not_start():
    (error,) = watchers_are_there()

    assert "apps.nowhere" in error.msg


@override_settings(INSTRUMENTATION_DRIVER=["apps.kernel.instrumentation.OtlpDriver"])
def test_otlp_without_a_collector_does_not_start():
    (error,) = watchers_are_there()

    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in error.msg


def test_by_default_it_is_the_log():
    assert settings.INSTRUMENTATION_DRIVER == ["apps.kernel.instrumentation.LogDriver"]
    assert watchers_are_there() == []
