"""How the lines of several tellers become one story."""

import datetime as dt

from apps.kernel.request_trace import RequestTraceEntry, in_order

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def line(second, kind, text, **more):
    return RequestTraceEntry(at=NOON + dt.timedelta(seconds=second), kind=kind, text=text, **more)


def told(*lines):
    return [(each.depth, each.text) for each in in_order(lines)]


def test_what_a_handler_told_stands_below_its_command():
    assert told(
        line(1, "event", "order placed", name="event:1"),
        line(2, "command", "Ann placed an order", name="record:1"),
        line(3, "event", "order paid", name="event:2"),
        line(4, "command", "Ann paid", name="record:2"),
    ) == [
        (0, "Ann placed an order"),
        (1, "order placed"),
        (0, "Ann paid"),
        (1, "order paid"),
    ]


def test_what_a_listener_did_stands_below_what_it_heard():
    assert told(
        line(9, "delivery", "ledger heard", caused_by="event:1"),
        line(8, "command", "ledger posted", name="record:2", caused_by="event:1"),
        line(7, "event", "entry posted", name="event:2", caused_by="event:1"),
        line(2, "command", "Ann paid", name="record:1"),
        line(1, "event", "order paid", name="event:1"),
    ) == [
        (0, "Ann paid"),
        (1, "order paid"),
        (2, "ledger posted"),
        (3, "entry posted"),
        (2, "ledger heard"),
    ]


def test_another_tenants_command_takes_nothing_in():
    assert told(
        line(1, "event", "onboarded", name="event:1"),
        line(2, "command", "founded", name="record:1", tenant="acme"),
    ) == [(0, "onboarded"), (0, "founded")]


def test_a_cause_that_nobody_tells_of_is_no_reason_to_be_silent():
    assert told(line(1, "command", "posted", caused_by="event:99")) == [(0, "posted")]
