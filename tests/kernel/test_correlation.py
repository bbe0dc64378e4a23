"""Which request this is, and where in a trace."""

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
from apps.kernel.traceparent import Trace, current_trace, parse
from apps.kernel.tracing import outgoing_headers

THEIRS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def ask(**headers):
    """The answer to a request with these headers, and where its view found itself."""
    seen = []

    def view(request):
        seen.append((correlation_id(), current_trace()))
        return HttpResponse()

    response = CorrelationMiddleware(view)(RequestFactory().get("/", headers=headers))
    return response, *seen[0]


def test_a_well_formed_id_is_taken_and_said_back():
    response, correlation, _ = ask(**{"x-correlation-id": "order-42.retry_1"})

    assert correlation == response["X-Correlation-ID"] == "order-42.retry_1"


@pytest.mark.parametrize(
    "odd", ["", "short", "x" * 65, "with space", "a\r\nSet-Cookie: b", "naïve-naïve", "a/b/c/d/e"]
)
def test_another_is_replaced(odd):
    response, correlation, _ = ask(**{"x-correlation-id": odd})

    assert correlation == response["X-Correlation-ID"] != odd
    assert CORRELATION_ID.match(correlation)


def test_every_request_has_an_id_of_its_own():
    assert ask()[1] != ask()[1]


@pytest.mark.parametrize(
    "written",
    [
        THEIRS,
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
        THEIRS + "-more",
        THEIRS + "\n",
        " " + THEIRS,
        THEIRS.upper(),
        THEIRS[:-1],
        "ff" + THEIRS[2:],
        "0g" + THEIRS[2:],
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "٠٠" + THEIRS[2:],
    ],
)
def test_a_malformed_one_is_not(malformed):
    assert parse(malformed) is None


def test_a_public_caller_chooses_neither_trace_nor_sampling():
    _, _, trace = ask(traceparent=THEIRS)

    assert trace.trace_id != parse(THEIRS).trace_id
    assert trace.flags == 0
    assert trace.caller == parse(THEIRS).trace_id


@override_settings(TRUST_TRACEPARENT=True)
def test_a_trusted_one_is_gone_on_with():
    _, _, trace = ask(traceparent=THEIRS)

    assert (trace.trace_id, trace.parent_id, trace.flags) == (
        parse(THEIRS).trace_id,
        parse(THEIRS).span_id,
        1,
    )
    assert trace.span_id != trace.parent_id


def test_messages_and_calls_carry_what_belongs_together():
    here = parse(THEIRS)
    with correlated("request-1", causation="event:7", trace=here):
        assert carried() == {
            "correlation_id": "request-1",
            "causation_id": "event:7",
            "traceparent": THEIRS,
        }
        assert outgoing_headers() == {"X-Correlation-ID": "request-1", "traceparent": THEIRS}
    assert carried() == outgoing_headers() == {}


def test_whoever_receives_them_goes_on_as_a_child():
    with correlated("request-1", causation="event:7", trace=THEIRS):
        assert (correlation_id(), causation_id()) == ("request-1", "event:7")
        assert current_trace().parent_id == "00f067aa0ba902b7"


def test_inside_another_nothing_new_begins():
    with correlated() as outer:
        place = current_trace()
        with correlated() as inner:
            assert inner == outer
            assert current_trace() == place
    assert isinstance(place, Trace)
