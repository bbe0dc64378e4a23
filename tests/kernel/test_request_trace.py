"""The order and nesting of entries from several sources in one request trace."""

import datetime as dt

from apps.kernel.observability.request_trace import RequestTraceEntry, in_order

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def entry(second, kind, text, **more):
    return RequestTraceEntry(at=NOON + dt.timedelta(seconds=second), kind=kind, text=text, **more)


def nested(*entries):
    return [(entry.depth, entry.text) for entry in in_order(entries)]


def test_the_events_of_a_handler_are_nested_below_its_command():
    assert nested(
        entry(1, "event", "order placed", name="event:1"),
        entry(2, "command", "Ann placed an order", name="record:1"),
        entry(3, "event", "order paid", name="event:2"),
        entry(4, "command", "Ann paid", name="record:2"),
    ) == [
        (0, "Ann placed an order"),
        (1, "order placed"),
        (0, "Ann paid"),
        (1, "order paid"),
    ]


def test_the_work_of_a_listener_is_nested_below_its_event():
    assert nested(
        entry(9, "delivery", "ledger delivered", caused_by="event:1"),
        entry(8, "command", "ledger posted", name="record:2", caused_by="event:1"),
        entry(7, "event", "entry posted", name="event:2", caused_by="event:1"),
        entry(2, "command", "Ann paid", name="record:1"),
        entry(1, "event", "order paid", name="event:1"),
    ) == [
        (0, "Ann paid"),
        (1, "order paid"),
        (2, "ledger posted"),
        (3, "entry posted"),
        (2, "ledger delivered"),
    ]


def test_the_command_of_another_tenant_has_no_nested_entries():
    assert nested(
        entry(1, "event", "onboarded", name="event:1"),
        entry(2, "command", "founded", name="record:1", tenant="acme"),
    ) == [(0, "onboarded"), (0, "founded")]


def test_an_entry_with_an_unknown_cause_is_shown_at_the_top():
    assert nested(entry(1, "command", "posted", caused_by="event:99")) == [(0, "posted")]
