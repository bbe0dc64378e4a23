"""The correlation id of a request, and its span in a trace."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from apps.kernel.correlation import (
    CorrelationMiddleware,
    carried,
    causation_id,
    correlated,
    correlation_id,
)
from apps.kernel.ids import CORRELATION_ID
from apps.kernel.observability.traceparent import Trace, current_trace, parse
from apps.kernel.observability.tracing import outgoing_headers

CALLER_TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def request_with(**headers):
    """The response to a request with these headers, and the correlation id and trace seen by its view."""
    seen = []

    def view(request):
        seen.append((correlation_id(), current_trace()))
        return HttpResponse()

    response = CorrelationMiddleware(view)(RequestFactory().get("/", headers=headers))
    return response, *seen[0]


def test_a_well_formed_correlation_id_is_returned_in_the_response():
    response, correlation, _ = request_with(**{"x-correlation-id": "order-42.retry_1"})

    assert correlation == response["X-Correlation-ID"] == "order-42.retry_1"


@pytest.mark.parametrize(
    "odd", ["", "short", "x" * 65, "with space", "a\r\nSet-Cookie: b", "naïve-naïve", "a/b/c/d/e"]
)
def test_a_malformed_correlation_id_is_replaced(odd):
    response, correlation, _ = request_with(**{"x-correlation-id": odd})

    assert correlation == response["X-Correlation-ID"] != odd
    assert CORRELATION_ID.match(correlation)


def test_every_request_has_its_own_correlation_id():
    assert request_with()[1] != request_with()[1]


@pytest.mark.parametrize(
    "written",
    [
        CALLER_TRACEPARENT,
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings",
    ],
)
def test_a_traceparent_is_read(written):
    trace = parse(written)

    assert (trace.trace_id, trace.span_id) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    assert trace.flags == int(written[53:55], 16)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "00",
        CALLER_TRACEPARENT + "-more",
        CALLER_TRACEPARENT + "\n",
        " " + CALLER_TRACEPARENT,
        CALLER_TRACEPARENT.upper(),
        CALLER_TRACEPARENT[:-1],
        "ff" + CALLER_TRACEPARENT[2:],
        "0g" + CALLER_TRACEPARENT[2:],
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "٠٠" + CALLER_TRACEPARENT[2:],
    ],
)
def test_a_malformed_traceparent_is_ignored(malformed):
    assert parse(malformed) is None


def test_a_public_caller_cannot_choose_the_trace_or_its_sampling():
    _, _, trace = request_with(traceparent=CALLER_TRACEPARENT)

    assert trace.trace_id != parse(CALLER_TRACEPARENT).trace_id
    assert trace.flags == 0
    assert trace.caller == parse(CALLER_TRACEPARENT).trace_id


@override_settings(TRUST_TRACEPARENT=True)
def test_a_trusted_traceparent_is_continued():
    _, _, trace = request_with(traceparent=CALLER_TRACEPARENT)

    assert (trace.trace_id, trace.parent_id, trace.flags) == (
        parse(CALLER_TRACEPARENT).trace_id,
        parse(CALLER_TRACEPARENT).span_id,
        1,
    )
    assert trace.span_id != trace.parent_id


def test_messages_carry_correlation_causation_traceparent():
    here = parse(CALLER_TRACEPARENT)
    with correlated("request-1", causation="event:7", trace=here):
        assert carried() == {
            "correlation_id": "request-1",
            "causation_id": "event:7",
            "traceparent": CALLER_TRACEPARENT,
        }
        assert outgoing_headers() == {"X-Correlation-ID": "request-1", "traceparent": CALLER_TRACEPARENT}
    assert carried() == outgoing_headers() == {}


def test_a_received_traceparent_becomes_the_parent_span():
    with correlated("request-1", causation="event:7", trace=CALLER_TRACEPARENT):
        assert (correlation_id(), causation_id()) == ("request-1", "event:7")
        assert current_trace().parent_id == "00f067aa0ba902b7"


def test_a_nested_context_continues_the_outer_trace():
    with correlated() as outer:
        trace = current_trace()
        with correlated() as inner:
            assert inner == outer
            assert current_trace() == trace
    assert isinstance(trace, Trace)
