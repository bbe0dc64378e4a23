"""Dead letters of another database. A delivery at home with the same number must stay unchanged."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections

from apps.audit import queries as audit
from apps.audit.models import Record
from apps.bus import dispatch, dispatch_once, dry_run
from apps.events import SUBSCRIBERS, listens_to
from apps.events.deliveries import BACKOFF, deliver
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route, sweep
from apps.kernel import clock
from apps.kernel.tenant import activate, at_database
from apps.monitoring.commands import DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents
from apps.monitoring.errors import DeliveryIsPending, NothingToReplay
from tests.support.forms import hidden_inputs_of
from tests.support.shelf import SUBSCRIBER, ShelfFilled, fill

HOME, EAST = "default", "default@east"


@pytest.fixture
def dead(initech, listener, no_broker):
    """A dead letter of a tenant in the east, and one at home with the same number."""
    with activate(initech):
        fill(books=1)
        fill(books=2)
    relay()
    listener.fails = True
    first = at(EAST).order_by("event_id").first()
    with activate(initech):
        for _ in range(BACKOFF.max_attempts):
            deliver(first.pk)
    listener.fails = False
    listener.handled.clear()
    event = OutboxEvent.objects.using("owner").create(
        id=first.event_id + 1_000_000,
        name="shelf.filled",
        aggregate="shelf:1",
        payload={},
        occurred_at=clock.now(),
        routed_at=clock.now(),
    )
    Delivery.objects.create(
        id=first.pk, event_id=event.pk, subscriber=SUBSCRIBER, aggregate="shelf:1", status="dead", attempts=1
    )
    assert statuses() == (["dead", "pending"], ["dead"])
    return first


def at(alias):
    return Delivery.objects.using(alias).filter(subscriber=SUBSCRIBER)


def relay():
    with at_database("east"):
        while route():
            pass
        sweep()


def statuses():
    return tuple(
        list(at(alias).order_by("event_id").values_list("status", flat=True)) for alias in (EAST, HOME)
    )


def handle_all(tenant):
    relay()
    with activate(tenant):
        for delivery in at(HOME).filter(status="pending"):
            deliver(delivery.pk)


def test_the_audit_log_of_a_replayed_delivery_names_its_database(dead, operator, initech, listener):
    command = ReplayDelivery(delivery_id=dead.pk, database="east", reason="the shelf is mended")
    result = dispatch(command, actor=operator)

    assert (result.pk, result.status, statuses()) == (dead.pk, "pending", (["pending", "pending"], ["dead"]))
    handle_all(initech)
    assert [books for books, *_ in listener.handled] == [1, 2]
    record = Record.objects.get(command="monitoring.replay_delivery")
    assert (record.subject_type, record.subject_id) == ("events.delivery", f"{dead.pk}@east")
    assert "in east" in record.sentence
    assert not audit.history_of(Delivery.objects.get(pk=dead.pk)).exists()


def test_a_delivery_of_another_database_is_dropped(dead, operator, initech, listener):
    dispatch(DropDelivery(delivery_id=dead.pk, database="east", reason="the shelf is gone"), actor=operator)

    assert statuses() == (["dropped", "pending"], ["dead"])
    handle_all(initech)
    assert [books for books, *_ in listener.handled] == [2]


def test_the_default_database_is_home(dead, operator):
    dispatch(DropDelivery(delivery_id=dead.pk, reason="gone"), actor=operator)

    assert statuses() == (["dead", "pending"], ["dropped"])


def test_all_dead_letters_of_another_database_are_replayed(dead, operator, acme):
    for tenant in ("acme", ""):
        command = ReplayDeliveries(subscriber=SUBSCRIBER, tenant=tenant, database="east", reason="mended")
        if tenant:
            with pytest.raises(NothingToReplay, match="In east"):
                dispatch(command, actor=operator)
        else:
            assert dispatch(command, actor=operator) == 1

    assert statuses() == (["pending", "pending"], ["dead"])


def test_past_events_of_another_database_are_replayed_to_a_new_subscriber(dead, operator, initech):
    handled, long_ago = [], clock.now() - dt.timedelta(days=1)

    def latecomer(event):
        handled.append(event.books)

    latecomer.__module__ = "apps.companies.listeners"
    listens_to(ShelfFilled)(latecomer)
    command = ReplayEvents(
        event="shelf.filled",
        since=long_ago,
        subscriber="companies.latecomer",
        tenant="initech",
        database="east",
        reason="it is new",
    )
    try:
        assert dry_run(command, actor=operator) == ()
        assert dispatch(command, actor=operator) == 2
        with activate(initech):
            for delivery in Delivery.objects.filter(subscriber="companies.latecomer"):
                deliver(delivery.pk)
    finally:
        del SUBSCRIBERS["companies.latecomer"]

    assert handled == [1, 2]
    assert not Delivery.objects.filter(subscriber="companies.latecomer").exists()


def test_a_dry_run_leaves_another_database_unchanged(dead, operator):
    for command in (
        ReplayDelivery(delivery_id=dead.pk, database="east", reason="x"),
        ReplayDeliveries(subscriber=SUBSCRIBER, database="east", reason="x"),
        DropDelivery(delivery_id=dead.pk, database="east", reason="x"),
    ):
        assert dry_run(command, actor=operator) == ()

    assert statuses() == (["dead", "pending"], ["dead"])


def test_a_refusal_leaves_another_database_unchanged(dead, operator):
    waiting = at(EAST).get(status="pending")

    with pytest.raises(DeliveryIsPending):
        dispatch(ReplayDelivery(delivery_id=waiting.pk, database="east", reason="x"), actor=operator)

    assert statuses() == (["dead", "pending"], ["dead"])


@pytest.mark.parametrize(
    "command",
    [
        ReplayDelivery(delivery_id=1, database="west", reason="x"),
        ReplayDeliveries(subscriber="identity.unknown", database="west", reason="x"),
        ReplayEvents(
            event="user.none", since=clock.now(), subscriber="identity.unknown", database="west", reason="x"
        ),
        DropDelivery(delivery_id=1, database="west", reason="x"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_an_unknown_database_is_refused(command, operator):
    assert "tenancy.database_unknown" in [refusal.code for refusal in dry_run(command, actor=operator)]


def test_a_repeated_request_returns_the_row_of_the_other_database(dead, operator):
    command = DropDelivery(delivery_id=dead.pk, database="east", reason="gone")
    dispatch_once(command, actor=operator, key="k1")

    repeated = dispatch_once(command, actor=operator, key="k1")

    assert (repeated.repeated, repeated.result.status, repeated.result.event_id) == (
        True,
        "dropped",
        dead.event_id,
    )


def test_the_command_line_drops_a_delivery_of_another_database(dead):
    assert [row["event_id"] for row in command_output("list", "--status", "dead")] == [dead.event_id]

    assert command_output("drop", str(dead.pk), "--reason", "gone")["status"] == "dropped"

    assert statuses() == (["dropped", "pending"], ["dead"])


def command_output(*words):
    out = StringIO()
    call_command("deliveries", *words, "--database", "east", "--json", stdout=out)
    response = json.loads(out.getvalue())
    return response.get("deliveries", response)


def test_the_console_redirects_to_the_dropped_delivery_of_another_database(dead, operator, client_for):
    console = client_for(operator, None)
    page = console.get(f"/deliveries/east/{dead.pk}/drop/").content.decode()
    assert "the shelf fell down" in page

    response = console.post(f"/deliveries/east/{dead.pk}/drop/", {"reason": "gone"})

    assert response.url == f"/events/delivery/{dead.pk}/change/?database=east"
    assert statuses() == (["dropped", "pending"], ["dead"])
    assert console.get(response.url).status_code == 200
    assert console.get(f"/deliveries/west/{dead.pk}/drop/").status_code == 404


def test_the_console_replays_dead_letters_of_another_database(dead, operator, client_for):
    console = client_for(operator, None)
    fields = {"subscriber": SUBSCRIBER, "tenant": "", "database": "east", "reason": "mended"}

    assert console.post("/subscribers/replay/", fields).status_code == 302

    assert statuses() == (["pending", "pending"], ["dead"])


def test_the_api_replays_a_delivery_of_another_database(dead, operator, client_for):
    api = client_for(operator, None)

    response = api.post(
        f"/api/v1/monitoring/deliveries/{dead.pk}/replay/",
        {"database": "east", "reason": "mended"},
        content_type="application/json",
    )

    assert (response.status_code, response.json()["event"]) == (200, dead.event_id), response.content
    assert statuses() == (["pending", "pending"], ["dead"])


def test_an_unreachable_database_is_a_503_response(dead, operator, client_for, monkeypatch):
    api = client_for(operator, None)
    api.raise_request_exception = False
    connections[EAST].close()
    monkeypatch.setitem(connections[EAST].settings_dict, "PORT", "1")

    response = api.post(
        f"/api/v1/monitoring/deliveries/{dead.pk}/drop/",
        {"database": "east", "reason": "gone"},
        content_type="application/json",
    )

    assert response.status_code == 503


def test_the_list_of_another_database_replays_chosen_dead_letters_there(dead, operator, client_for):
    console = client_for(operator, None)
    address = "/events/delivery/?database=east&status__exact=dead"
    fields = {"action": "replay_chosen", "index": "0", "_selected_action": dead.pk, "reason": "mended"}

    assert "Replay" in console.post(address, fields).content.decode()
    preview = console.post(address, fields | {"preview": ""}).content.decode()
    assert "1 will be done and 0 refused" in preview
    assert statuses() == (["dead", "pending"], ["dead"])

    confirmed = fields | hidden_inputs_of(preview) | {"confirm": ""}
    assert "Done for 1 of 1 rows" in console.post(address, confirmed).content.decode()
    assert statuses() == (["pending", "pending"], ["dead"])
