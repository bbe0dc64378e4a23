"""Dead letters and events: replayed or dropped, with permission and reason."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PlatformOnly
from apps.events import SUBSCRIBERS, listens_to
from apps.events import queries as events
from apps.events.deliveries import BACKOFF, deliver
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import sweep
from apps.kernel import clock
from apps.kernel.tenant import activate
from apps.monitoring.commands import DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents
from apps.monitoring.errors import (
    DeliveryIsPending,
    DeliveryIsSettled,
    DeliveryUnknown,
    NothingToReplay,
    NotSubscribed,
    SubscriberUnknown,
)
from apps.tenancy.errors import TenantUnknown
from tests.support.shelf import SUBSCRIBER, ShelfFilled, deliveries, fill, route_as_platform


@pytest.fixture
def dead(acme, listener, no_broker):
    """A dead letter: the first of three deliveries of shelf 1."""
    with activate(acme):
        for books in (1, 2, 3):
            fill(shelf=1, books=books)
    route_as_platform()
    listener.fails = True
    first = deliveries().first()
    with activate(acme):
        for _ in range(BACKOFF.max_attempts):
            deliver(first.pk)
    listener.fails = False
    listener.handled.clear()
    first.refresh_from_db()
    assert first.status == "dead"
    return first


def handle_all(tenant):
    with activate(None):
        sweep()
    with activate(tenant):
        for delivery in deliveries().filter(status="pending"):
            deliver(delivery.pk)


def test_deliveries_behind_a_dead_letter_wait(dead, acme, listener):
    handle_all(acme)

    assert listener.handled == []
    assert list(deliveries().values_list("status", flat=True)) == ["dead", "pending", "pending"]


def test_a_replayed_delivery_and_later_ones_are_handled_in_order(dead, operator, acme, listener):
    dispatch(ReplayDelivery(delivery_id=dead.pk, reason="the shelf is mended"), actor=operator)

    handle_all(acme)

    assert [books for books, *_ in listener.handled] == [1, 2, 3]
    record = Record.objects.get(command="monitoring.replay_delivery")
    assert record.reason == "the shelf is mended"
    assert (record.subject_type, record.subject_id) == ("events.delivery", str(dead.pk))


def test_a_dropped_delivery_unblocks_the_deliveries_behind_it(dead, operator, acme, listener):
    dispatch(DropDelivery(delivery_id=dead.pk, reason="the shelf is gone"), actor=operator)

    handle_all(acme)

    assert [books for books, *_ in listener.handled] == [2, 3]
    dead.refresh_from_db()
    assert dead.status == "dropped"
    with activate(acme):
        assert not deliver(dead.pk)


def test_dead_letters_of_a_subscriber_are_replayed_for_one_tenant(dead, operator, acme, globex):
    with pytest.raises(NothingToReplay):
        dispatch(ReplayDeliveries(subscriber=SUBSCRIBER, tenant="globex", reason="mended"), actor=operator)

    assert (
        dispatch(ReplayDeliveries(subscriber=SUBSCRIBER, tenant="acme", reason="mended"), actor=operator) == 1
    )

    assert not deliveries().filter(status="dead").exists()


def test_events_since_an_instant_are_replayed(dead, operator, acme, listener):
    dispatch(DropDelivery(delivery_id=dead.pk, reason="later"), actor=operator)
    handle_all(acme)
    since = OutboxEvent.objects.filter(name="shelf.filled").order_by("id")[1].occurred_at
    listener.handled.clear()
    from apps.companies.models import Company

    with activate(acme):
        Company.objects.filter(name="effect").delete()

    count = dispatch(
        ReplayEvents(event="shelf.filled", since=since, subscriber=SUBSCRIBER, reason="lost"), actor=operator
    )

    assert count == 2
    handle_all(acme)
    assert [books for books, *_ in listener.handled] == [2, 3]


def test_past_events_are_replayed_to_a_new_subscriber(acme, operator, no_broker):
    with activate(acme):
        fill(books=1)
        fill(books=2)
    route_as_platform()
    handled = []

    def latecomer(event):
        handled.append(event.books)

    latecomer.__module__ = "apps.companies.listeners"
    listens_to(ShelfFilled)(latecomer)
    try:
        long_ago = clock.now() - dt.timedelta(days=1)
        dispatch(
            ReplayEvents(
                event="shelf.filled", since=long_ago, subscriber="companies.latecomer", reason="it is new"
            ),
            actor=operator,
        )
        with activate(acme):
            for delivery in Delivery.objects.filter(subscriber="companies.latecomer"):
                deliver(delivery.pk)
    finally:
        del SUBSCRIBERS["companies.latecomer"]

    assert handled == [1, 2]


def test_replaying_or_dropping_an_unsuitable_delivery_is_refused(dead, operator, acme):
    pending = deliveries().filter(status="pending").first()
    past = clock.now() - dt.timedelta(days=1)
    for command, refusal in (
        (ReplayDelivery(delivery_id=10**9, reason="x"), DeliveryUnknown),
        (ReplayDelivery(delivery_id=pending.pk, reason="x"), DeliveryIsPending),
        (ReplayDeliveries(subscriber="companies.unknown", reason="x"), SubscriberUnknown),
        (ReplayDeliveries(subscriber=SUBSCRIBER, tenant="nowhere", reason="x"), TenantUnknown),
        (
            ReplayEvents(event="entry.posted", since=past, subscriber=SUBSCRIBER, reason="x"),
            NotSubscribed,
        ),
    ):
        with pytest.raises(refusal):
            dispatch(command, actor=operator)
    dispatch(DropDelivery(delivery_id=pending.pk, reason="x"), actor=operator)
    with pytest.raises(DeliveryIsSettled):
        dispatch(DropDelivery(delivery_id=pending.pk, reason="x"), actor=operator)


def test_a_command_without_a_reason_is_refused(dead, operator):
    for command in (
        DropDelivery(delivery_id=dead.pk, reason=" "),
        ReplayDelivery(delivery_id=dead.pk, reason=""),
    ):
        assert [refusal.code for refusal in dry_run(command, actor=operator)] == ["monitoring.reason_missing"]


def test_dropping_by_a_tenants_owner_is_refused(dead, owner, acme):
    with activate(acme), pytest.raises(PlatformOnly):
        dispatch(DropDelivery(delivery_id=dead.pk, reason="mine"), actor=owner)


def test_the_overview_counts_pending_deliveries_and_dead_letters(dead, acme):
    (state,) = [subscriber for subscriber in events.subscribers() if subscriber.name == SUBSCRIBER]

    assert (state.subscribes, state.queue, state.pending, state.dead) == ("shelf.filled", "default", 2, 1)


def command_output(*words):
    out = StringIO()
    call_command("deliveries", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_line_lists_and_replays_dead_letters_after_a_dry_run(dead, acme):
    (row,) = command_output("list", "--status", "dead")["deliveries"]
    assert (row["id"], row["subscriber"], row["event"]) == (dead.pk, SUBSCRIBER, "shelf.filled")

    assert command_output("replay-dead", SUBSCRIBER, "--reason", "mended", "--dry-run") == {"dry_run": True}
    assert deliveries().filter(status="dead").count() == 1
    assert command_output("replay-dead", SUBSCRIBER, "--reason", "mended") == {"count": 1}

    assert command_output("drop", str(dead.pk), "--reason", "gone")["status"] == "dropped"


def test_a_refusal_on_the_command_line_has_exit_code_3(dead, capsys):
    with pytest.raises(SystemExit) as exit_:
        call_command("deliveries", "replay", "1000000000", "--reason", "x")

    assert exit_.value.code == 3


def test_the_console_shows_the_last_error_on_the_drop_page(dead, operator, client_for):
    console = client_for(operator, None)

    row = console.get(f"/events/delivery/{dead.pk}/change/").content.decode()
    assert f"/deliveries/home/{dead.pk}/drop/" in row
    assert f"/deliveries/home/{dead.pk}/replay/" in row
    page = console.get(f"/deliveries/home/{dead.pk}/drop/").content.decode()
    assert "the shelf fell down" in page

    response = console.post(f"/deliveries/home/{dead.pk}/drop/", {"reason": "gone"})

    assert response.status_code == 302
    dead.refresh_from_db()
    assert dead.status == "dropped"


@pytest.mark.parametrize("page", ["/subscribers/", "/subscribers/replay/", "/subscribers/replay-events/"])
def test_the_other_console_pages_load(page, dead, operator, client_for):
    response = client_for(operator, None).get(page)

    assert response.status_code == 200
    assert SUBSCRIBER in response.content.decode()


def test_the_api_lists_and_drops(dead, operator, client_for):
    api = client_for(operator, None)

    listed = api.get("/api/v1/monitoring/deliveries/?status=dead").json()["results"]
    assert [row["id"] for row in listed] == [dead.pk]
    assert "the shelf fell down" in listed[0]["last_error"]
    states = {row["name"]: row for row in api.get("/api/v1/monitoring/subscribers/").json()}
    assert states[SUBSCRIBER]["dead"] == 1

    dropped = api.post(
        f"/api/v1/monitoring/deliveries/{dead.pk}/drop/", {"reason": "gone"}, content_type="application/json"
    )
    assert dropped.status_code == 200, dropped.content
    assert dropped.json()["status"] == "dropped"
    refused = api.post(
        "/api/v1/monitoring/subscribers/replay/",
        {"subscriber": SUBSCRIBER, "reason": "again"},
        content_type="application/json",
    )
    assert refused.json()["code"] == "monitoring.nothing_to_replay"


def test_the_api_of_a_tenant_has_no_deliveries(dead, owner, client_for):
    assert client_for(owner).get("/t/acme/api/v1/monitoring/deliveries/").status_code == 404
