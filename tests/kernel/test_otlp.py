"""Spans, sent to a collector that only records them."""

from __future__ import annotations

import datetime as dt
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from apps.bus import dispatch
from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route
from apps.kernel.correlation import correlated
from apps.kernel.observability import instrumentation
from apps.kernel.observability.traceparent import current_trace, new_trace, parse
from apps.kernel.observability.tracing import span
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting

sdk = pytest.importorskip("opentelemetry.sdk.trace")
CALLER_TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collected():
    """`collected()` → the spans that arrived at a collector on this machine."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from apps.kernel.observability import otlp

    bodies = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def arrived():
        otlp.flush()
        return [
            span
            for body in bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    with override_settings(OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}", TRACE_FLAGS=1):
        otlp._providers.clear()
        yield arrived
        otlp.flush()
        otlp._providers.clear()
    server.shutdown()


def test_without_a_collector_no_span_is_recorded():
    with correlated(trace=CALLER_TRACEPARENT):
        trace = current_trace()
        with span("work"):
            assert current_trace() == trace


def test_spans_are_nested_below_the_span_of_the_caller(collected):
    with correlated("request-1", trace=CALLER_TRACEPARENT):
        here = current_trace()
        with span("request", kind="server"):
            assert current_trace().span_id == here.span_id
            with span("command", {"bursar.command": "ledger.post_entry"}):
                inner = current_trace()

    spans = {span.name: span for span in collected()}
    request, command = spans["request"], spans["command"]
    assert request.trace_id.hex() == command.trace_id.hex() == parse(CALLER_TRACEPARENT).trace_id
    assert (request.parent_span_id.hex(), request.span_id.hex()) == (
        parse(CALLER_TRACEPARENT).span_id,
        here.span_id,
    )
    assert (command.parent_span_id.hex(), command.span_id.hex()) == (here.span_id, inner.span_id)
    attributes = {attribute.key: attribute.value.string_value for attribute in command.attributes}
    assert attributes["bursar.correlation_id"] == "request-1"
    assert attributes["bursar.command"] == "ledger.post_entry"


def test_the_root_of_a_new_trace_has_the_id_in_the_log(collected):
    with correlated(trace=new_trace(flags=1)), span("request"):
        trace = current_trace()

    (root,) = collected()
    assert (root.trace_id.hex(), root.span_id.hex(), root.parent_span_id) == (
        trace.trace_id,
        trace.span_id,
        b"",
    )


def test_a_further_origin_of_a_span_is_a_link(collected):
    with (
        correlated(trace=CALLER_TRACEPARENT),
        span("handle", kind="consumer", links=(parse(CALLER_TRACEPARENT), None)),
    ):
        pass

    (consumer,) = collected()
    assert [link.span_id.hex() for link in consumer.links] == [parse(CALLER_TRACEPARENT).span_id]


def test_a_trace_not_sampled_by_the_caller_is_not_recorded(collected):
    with correlated(trace=CALLER_TRACEPARENT[:-2] + "00"), span("quiet"):
        assert current_trace().flags == 0

    assert collected() == []


def test_a_business_event_is_reported_with_its_ids(collected):
    with override_settings(INSTRUMENTATION_DRIVER=["apps.kernel.observability.instrumentation.OtlpDriver"]):
        instrumentation.drivers.cache_clear()
        instrumentation.record(
            instrumentation.BusinessEvent(
                name="order_created", tenant_id=3, ids={"order_id": 7}, at=dt.datetime.now(dt.UTC)
            )
        )
        instrumentation.drivers.cache_clear()

    (event,) = collected()
    attributes = {attribute.key: attribute.value.int_value for attribute in event.attributes}
    assert (event.name, attributes["bursar.tenant_id"], attributes["bursar.order_id"]) == (
        "order_created",
        3,
        7,
    )


def test_without_opentelemetry_the_error_names_the_package_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "apps.kernel.observability.otlp", raising=False)
    monkeypatch.delattr("apps.kernel.observability.otlp", raising=False)

    with (
        override_settings(OTLP_ENDPOINT="http://127.0.0.1:1"),
        pytest.raises(ImproperlyConfigured, match="pip install"),
        span("work"),
    ):
        pass


def test_a_listener_belongs_to_the_trace_of_the_request(collected, at_acme, owner):
    with correlated("request-1", trace=CALLER_TRACEPARENT), span("HTTP POST", kind="server"):
        dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    with activate(None):
        route()
    delivery = Delivery.objects.get(subscriber="webhooks.notify_endpoints", event__correlation_id="request-1")
    with correlated(trace=new_trace(flags=1)), span("events.deliver", kind="consumer"):
        deliver(delivery.pk)

    spans = {span.name: span for span in collected()}
    request, command = spans["HTTP POST"], spans["settings.change_setting"]
    handling, task = spans["handle setting.changed"], spans["events.deliver"]
    assert command.parent_span_id == request.span_id
    assert (handling.trace_id, handling.parent_span_id) == (command.trace_id, command.span_id)
    assert [link.span_id for link in handling.links] == [task.span_id]
    assert task.trace_id != handling.trace_id
