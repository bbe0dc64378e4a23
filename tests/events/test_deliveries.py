"""From a committed change to exactly one delivery per listener."""

import datetime as dt

import pytest
from django.db import connection, transaction

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.events import SUBSCRIBERS, Event, publish, tasks
from apps.events.deliveries import BACKOFF, deliver
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route, sweep
from apps.events.replay import replay_events
from apps.kernel import clock
from apps.kernel.correlation import correlated
from apps.kernel.queues import hints, wait_times
from apps.kernel.queues.policies import POLICIES
from apps.kernel.tenant import activate
from tests.support.shelf import (
    SUBSCRIBER,
    ShelfFilled,
    deliver_in,
    deliveries,
    fill,
    only_delivery,
    route_as_platform,
)


def test_an_event_is_published_only_if_its_transaction_commits(at_acme):
    before = OutboxEvent.objects.count()

    fill()
    with transaction.atomic():
        publish(ShelfFilled(shelf=1, books=2))
        transaction.set_rollback(True)

    assert OutboxEvent.objects.count() == before + 1
    event = OutboxEvent.objects.latest("id")
    assert (event.name, event.aggregate, event.tenant_id) == ("shelf.filled", "shelf:1", at_acme.id)
    assert event.payload == {"shelf": 1, "books": 1}
    assert event.correlation_id == "request-9"


def test_publishing_outside_a_transaction_is_refused(at_acme):
    with pytest.raises(RuntimeError, match="inside the transaction"):
        publish(ShelfFilled(shelf=1, books=1))


def test_an_event_name_without_a_dot_or_of_another_event_is_refused():
    with pytest.raises(TypeError, match="named entity"):
        type("Bad", (Event,), {"name": "ShelfFilled"})
    with pytest.raises(TypeError, match="already the name"):
        type("Twin", (Event,), {"name": "shelf.filled"})


def test_the_relay_creates_one_delivery_with_one_hint_per_listener(at_acme, listener, no_broker):
    fill()

    with activate(None):
        assert route() >= 1
        assert route() == 0

    assert only_delivery().status == "pending"
    assert no_broker.count(only_delivery().pk) == 1


def test_the_effects_of_a_listener_and_its_delivery_commit_together(at_acme, listener, no_broker):
    fill()
    route_as_platform()

    assert deliver(only_delivery().pk)

    assert only_delivery().status == "done"
    assert Company.objects.filter(code="S1B1").count() == 1
    assert listener.handled == [(1, "request-9", f"event:{only_delivery().event_id}")]


@pytest.mark.parametrize("queue", POLICIES)
def test_the_task_calls_the_listener_in_each_queue(at_acme, listener, no_broker, monkeypatch, queue):
    observed = []
    monkeypatch.setattr(wait_times, "note", lambda queue, sent_at: observed.append(queue))
    fill()
    route_as_platform()

    tasks.deliver.apply(
        args=(only_delivery().pk,), headers={"tenant": at_acme.id}, routing_key=queue, throw=True
    )

    assert observed == [queue]
    assert (only_delivery().status, len(listener.handled)) == ("done", 1)


def test_repeated_delivery_calls_the_listener_once(at_acme, listener, no_broker):
    fill()
    route_as_platform()

    assert [deliver(only_delivery().pk) for _ in range(3)] == [True, True, True]

    assert len(listener.handled) == 1


def test_the_effects_of_a_failed_attempt_are_rolled_back_before_the_retry(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    listener.fails = True

    assert not deliver(only_delivery().pk)

    delivery = only_delivery()
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert "the shelf fell down" in delivery.last_error
    assert delivery.next_at > clock.now()
    assert not Company.objects.filter(code="S1B1").exists()

    listener.fails = False
    assert deliver(delivery.pk)
    assert Company.objects.filter(code="S1B1").count() == 1


def test_a_delivery_that_always_fails_becomes_a_dead_letter_with_its_error(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    listener.fails = True

    for _ in range(BACKOFF.max_attempts + 2):
        deliver(only_delivery().pk)

    delivery = only_delivery()
    assert (delivery.status, delivery.attempts) == ("dead", BACKOFF.max_attempts)
    assert "the shelf fell down" in delivery.last_error
    assert len(listener.handled) == BACKOFF.max_attempts


def test_attempts_of_killed_workers_are_counted(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    Delivery.objects.update(attempts=BACKOFF.max_attempts)

    assert not deliver(only_delivery().pk)

    assert only_delivery().status == "dead"
    assert listener.handled == []


def test_events_of_one_aggregate_are_delivered_in_order(at_acme, listener, no_broker):
    fill(shelf=1, books=1)
    fill(shelf=1, books=2)
    fill(shelf=2, books=1)
    route_as_platform()
    first, second, other = Delivery.objects.filter(subscriber="companies.count_books").order_by("id")

    assert first.pk in no_broker
    assert second.pk not in no_broker
    assert deliver(second.pk)
    assert deliver(other.pk)

    assert [books for books, *_ in listener.handled] == [1, 2, 1]
    assert deliver(first.pk)


def test_the_sweep_repeats_a_lost_hint_when_it_is_due(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    no_broker.clear()

    with activate(None):
        with clock.moved_to(clock.now() + dt.timedelta(minutes=10)):
            sweep()
        assert only_delivery().pk in no_broker
        no_broker.clear()
        deliver_in(at_acme)
        sweep()

    assert only_delivery().pk not in no_broker


def test_an_event_of_a_command_has_the_correlation_id_of_the_request(at_acme, owner, no_broker):
    from apps.settings.commands import ChangeSetting

    with correlated("request-10"):
        dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)

    assert OutboxEvent.objects.get(name="setting.changed").correlation_id == "request-10"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_outboxevent SET payload = '{}'",
        "DELETE FROM events_outboxevent",
        "DELETE FROM events_delivery",
        "TRUNCATE events_delivery",
    ],
)
def test_the_runtime_has_no_right_to_change_or_delete_events(at_acme, statement):
    from django.db import DatabaseError

    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_refused_command_publishes_no_event(at_acme, owner):
    from apps.kernel.errors import Refusal

    before = OutboxEvent.objects.count()

    with pytest.raises(Refusal):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)

    assert OutboxEvent.objects.count() == before


@pytest.mark.parametrize("queue", POLICIES)
def test_the_publisher_chooses_the_queue_of_the_deliveries(at_acme, listener, hints_by_queue, queue):
    with transaction.atomic():
        publish(ShelfFilled(shelf=1, books=1), queue=queue)

    route_as_platform()

    assert only_delivery().queue == queue
    assert hints_by_queue == [(queue, only_delivery().pk)]


@pytest.fixture
def hints_by_queue(monkeypatch):
    sent = []
    monkeypatch.setattr(hints, "_send_one", lambda producer, hint: sent.append((hint.queue, hint.pk)))
    return sent


def test_publishing_into_an_unknown_queue_is_refused(at_acme):
    with pytest.raises(ValueError, match="does not exist"), transaction.atomic():
        publish(ShelfFilled(shelf=1, books=1), queue="urgent")


def test_past_events_are_replayed_in_the_queue_chosen_by_their_publisher(at_acme, listener, no_broker):
    before = clock.now()
    others = dict(SUBSCRIBERS)
    SUBSCRIBERS.clear()
    with transaction.atomic():
        publish(ShelfFilled(shelf=1, books=1), queue="financial")
        publish(ShelfFilled(shelf=2, books=1))
    route_as_platform()
    SUBSCRIBERS.update(others)

    with activate(None):
        replay_events("shelf.filled", since=before, subscriber=SUBSCRIBER)

    assert list(deliveries().values_list("queue", flat=True)) == ["financial", "default"]
