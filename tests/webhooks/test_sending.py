"""From an event to a receiver who has it, whatever goes wrong on the way."""

from __future__ import annotations

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime

import pytest
from django.db import connections, transaction
from standardwebhooks import Webhook

from apps.audit.models import Record
from apps.bus import dispatch
from apps.events import SUBSCRIBERS
from apps.events.base import VersionUnknown
from apps.kernel import clock
from apps.kernel.correlation import correlated
from apps.kernel.tenant import activate
from apps.kernel.traceparent import parse
from apps.webhooks import listeners, queries, schedule, sending, tasks
from apps.webhooks.commands import RegisterEndpoint, ResendMessage, RotateSecret, SendTestMessage
from apps.webhooks.errors import EndpointIsDisabled, MessageIsUnderWay
from apps.webhooks.models import Attempt, Endpoint, Message
from tests.support.receiver import envelope


@pytest.fixture
def taken(receiver):
    """The receiver takes everything."""
    receiver.expect_request("/hook").respond_with_data("thank you")
    return receiver


def answering(receiver, status, **headers):
    receiver.clear()
    receiver.expect_request("/hook").respond_with_data("no", status, headers)


def requests(receiver):
    return [request for request, _ in receiver.log]


def again(message):
    message.refresh_from_db()
    return message


def test_an_event_becomes_one_message_that_is_sent(endpoint, publish_to, taken, hinted):
    message = publish_to(entry_id=7, name="entry.posted")

    assert ("webhooks.send", endpoint.pk) in hinted
    assert not sending.send_due(endpoint.pk)

    (request,) = requests(taken)
    said = json.loads(request.data)
    assert (said["type"], said["data"], said["event_id"]) == ("entry.posted", {"entry_id": 7}, 1)
    assert said["timestamp"].endswith("Z")
    assert request.headers["webhook-id"] == message.ref
    assert request.headers["X-Correlation-ID"] == "request-7"
    assert request.headers["Content-Type"] == "application/json"
    assert again(message).state == "delivered"
    (attempt,) = message.tries.all()
    assert (attempt.status, attempt.answer) == (200, "thank you")


def test_whoever_sends_it_the_receiver_is_told_the_request_it_came_of(endpoint, publish_to, receiver):
    """At each attempt, and also when a sweep sends it that has an id of its own."""
    publish_to()
    answering(receiver, 503)
    for wait in (dt.timedelta(), dt.timedelta(hours=1)):
        with correlated("the-sweeps-own"), clock.moved_to(clock.now() + wait):
            sending.send_due(endpoint.pk)

    assert [request.headers["X-Correlation-ID"] for request in requests(receiver)] == ["request-7"] * 2
    assert all(parse(request.headers["traceparent"]) for request in requests(receiver))


def test_the_package_believes_what_was_sent(endpoint, publish_to, taken):
    publish_to()
    sending.send_due(endpoint.pk)

    (request,) = requests(taken)
    Webhook(endpoint.new_secret).verify(request.data, dict(request.headers))


def test_during_a_rotation_both_secrets_sign_and_then_the_new_one_alone(endpoint, owner, publish_to, taken):
    old = endpoint.new_secret
    new = dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=2), actor=owner).new_secret
    publish_to()
    sending.send_due(endpoint.pk)

    (request,) = requests(taken)
    for secret in (old, new):
        Webhook(secret).verify(request.data, dict(request.headers))
    with clock.moved_to(clock.now() + dt.timedelta(hours=3)):
        publish_to(2)
        sending.send_due(endpoint.pk)
    assert requests(taken)[1].headers["webhook-signature"].count("v1,") == 1


def test_hearing_it_twice_makes_one_message(endpoint, publish_to, taken):
    publish_to()
    publish_to()
    sending.send_due(endpoint.pk)

    assert Message.objects.count() == 1
    assert len(requests(taken)) == 1


def test_what_is_rolled_back_is_not_told(endpoint):
    with transaction.atomic():
        listeners.notify_endpoints(envelope())
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_an_endpoint_is_told_what_it_wants_to_know(endpoint, owner, receiver):
    other = dispatch(RegisterEndpoint(url=receiver.url_for("/other"), events=("period.closed",)), actor=owner)

    with transaction.atomic():
        listeners.notify_endpoints(envelope(1, "entry.posted"))
        listeners.notify_endpoints(envelope(2, "period.closed"))

    assert list(endpoint.messages.order_by("id").values_list("event_id", flat=True)) == [1, 2]
    assert list(other.messages.values_list("event_id", flat=True)) == [2]


@pytest.mark.parametrize("name", ["command.sent", "saga.due"])
def test_what_the_house_tells_itself_is_told_to_nobody_else(endpoint, name):
    """A command on its way holds whatever was asked for."""
    assert not SUBSCRIBERS["webhooks.notify_endpoints"].matches(name)
    listeners.notify_endpoints(envelope(1, name))

    assert not Message.objects.exists()
    assert name not in queries.event_names()


def test_an_event_of_a_newer_release_waits_for_a_worker_that_knows_it(endpoint):
    with pytest.raises(VersionUnknown):
        listeners.notify_endpoints(envelope(1, "planet.found"))


def test_the_schedule_is_the_specifications(endpoint, publish_to, receiver):
    answering(receiver, 500)
    message = publish_to()
    waits = []
    at = clock.now()
    for _ in range(20):
        with clock.moved_to(at):
            if not sending.send_next(endpoint.pk):
                break
        if again(message).state == "dead":
            break
        waits.append(message.next_at - at)
        with clock.moved_to(message.next_at - dt.timedelta(seconds=1)):
            assert not sending.send_next(endpoint.pk)
        at = message.next_at

    assert len(requests(receiver)) == message.tries.count() == 10 == schedule.MAX_ATTEMPTS
    assert len({request.headers["webhook-id"] for request in requests(receiver)}) == 1
    assert len({request.data for request in requests(receiver)}) == 1
    for wait, meant in zip(waits, schedule.WAITS, strict=True):
        assert meant <= wait <= meant * 1.1
    assert message.state == "dead"


def test_a_receiver_that_recovers_is_told_at_the_next_attempt(endpoint, publish_to, receiver, later):
    answering(receiver, 503)
    message = publish_to()
    sending.send_due(endpoint.pk)
    assert again(message).state == "pending"

    answering(receiver, 204)
    with later(seconds=6):
        sending.send_due(endpoint.pk)

    assert again(message).state == "delivered"
    assert [try_.status for try_ in message.tries.all()] == [503, 204]


@pytest.mark.parametrize("status", [429, 503])
def test_who_says_when_to_come_back_is_heard(endpoint, publish_to, receiver, status):
    answering(receiver, status, **{"Retry-After": "120"})
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert 110 < (again(message).next_at - clock.now()).total_seconds() <= 120


def test_a_date_to_come_back_at_is_heard_too_and_a_day_is_the_most(endpoint, publish_to, receiver):
    date = format_datetime(clock.now() + dt.timedelta(hours=1), usegmt=True)
    answering(receiver, 429, **{"Retry-After": date})
    first = publish_to()
    sending.send_due(endpoint.pk)
    answering(receiver, 429, **{"Retry-After": "99999999"})
    second = publish_to(2)
    sending.send_due(endpoint.pk)

    assert dt.timedelta(minutes=58) < again(first).next_at - clock.now() <= dt.timedelta(hours=1)
    assert again(second).next_at - clock.now() <= dt.timedelta(days=1)


@pytest.mark.parametrize("nonsense", ["soon", "-5", "", "Wed, 99 Foo 2026"])
def test_nonsense_to_come_back_at_is_left_aside(endpoint, publish_to, receiver, nonsense):
    answering(receiver, 503, **{"Retry-After": nonsense})
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert dt.timedelta(0) < again(message).next_at - clock.now() < dt.timedelta(seconds=6)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 404, 500])
def test_anything_but_success_is_a_failure_and_nothing_is_followed(endpoint, publish_to, receiver, status):
    answering(receiver, status, Location=receiver.url_for("/elsewhere"))
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert again(message).state == "pending"
    assert [request.path for request in requests(receiver)] == ["/hook"]


def test_gone_disables_the_endpoint_and_says_why(endpoint, publish_to, receiver):
    answering(receiver, 410)
    message = publish_to()

    sending.send_due(endpoint.pk)

    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_because) == ("disabled", "It answered 410 Gone.")
    assert Record.objects.get(command="webhooks.disable_endpoint").actor_name == "Webhooks"
    assert again(message).state == "pending"
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        assert not sending.send_next(endpoint.pk)
        assert queries.endpoints_with_due_messages() == []
    listeners.notify_endpoints(envelope(2))
    assert endpoint.messages.count() == 1


def dead_after_the_last_attempt(endpoint, message):
    Message.objects.filter(pk=message.pk).update(attempts=9, next_at=clock.now())
    sending.send_due(endpoint.pk)
    return again(message).state == "dead"


def test_an_endpoint_that_took_nothing_for_five_days_is_disabled(endpoint, publish_to, receiver, later):
    answering(receiver, 500)
    with later(days=4):
        assert dead_after_the_last_attempt(endpoint, publish_to())
        endpoint.refresh_from_db()
        assert endpoint.is_active
    with later(days=5, seconds=1):
        assert dead_after_the_last_attempt(endpoint, publish_to(2))

    endpoint.refresh_from_db()
    assert endpoint.disabled_because == "It took nothing for 5 days."


def test_one_success_within_five_days_keeps_it(endpoint, publish_to, receiver, later):
    answering(receiver, 200)
    with later(days=3):
        publish_to()
        sending.send_due(endpoint.pk)
    answering(receiver, 500)
    with later(days=6):
        assert dead_after_the_last_attempt(endpoint, publish_to(2))

    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_who_does_not_answer_in_time_is_tried_again(endpoint, publish_to, receiver, monkeypatch):
    from werkzeug import Response

    from apps.kernel import outbound

    post = outbound.post
    monkeypatch.setattr(outbound, "post", lambda *given: post(*given, timeout=0.3))
    done = threading.Event()
    receiver.expect_request("/hook").respond_with_handler(lambda request: done.wait(3) and Response("late"))
    message = publish_to()

    sending.send_due(endpoint.pk)

    done.set()
    (attempt,) = message.tries.all()
    assert (attempt.status, attempt.error) == (None, "It did not answer in time.")
    assert again(message).state == "pending"


def test_who_is_not_there_is_tried_again(at_acme, owner, hinted, publish_to):
    endpoint = Endpoint.objects.get()
    Endpoint.objects.update(url="http://127.0.0.1:1/")
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert message.tries.get().error == "It refuses the connection."


class Killed(BaseException):
    """As kill -9: nobody catches it."""


def test_a_worker_lost_between_sending_and_noting_it_sends_again_under_the_same_id(
    endpoint, publish_to, taken, monkeypatch, later
):
    message = publish_to()
    record = sending.record
    monkeypatch.setattr(sending, "record", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        sending.send_due(endpoint.pk)
    monkeypatch.setattr(sending, "record", record)

    assert not sending.send_next(endpoint.pk), "its lease is not over"
    with later(seconds=61):
        sending.send_due(endpoint.pk)

    first, second = requests(taken)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.ref
    assert again(message).state == "delivered"
    assert [str(try_) for try_ in message.tries.all()] == ["no outcome was recorded", "200"]


def test_a_worker_lost_before_sending_counts_as_an_attempt(endpoint, publish_to, taken, monkeypatch, later):
    message = publish_to()
    monkeypatch.setattr(sending, "make", lambda _: (_ for _ in ()).throw(Killed))
    for hours in range(0, 100, 10):
        with later(hours=hours), pytest.raises(Killed):
            Message.objects.filter(pk=message.pk).update(next_at=clock.now())
            sending.send_due(endpoint.pk)
    with later(hours=200):
        assert not sending.send_next(endpoint.pk)

    assert again(message).state == "dead"
    assert message.tries.count() == 10


def test_a_late_failure_does_not_touch_what_another_took_over(endpoint, publish_to, taken, later):
    message = publish_to()
    slow = sending.claim(endpoint.pk)
    with later(seconds=61):
        quick = sending.claim(endpoint.pk)
        sending.record(slow, sending.Outcome(error="It did not answer in time."))
        assert again(message).holder == quick.pk
        sending.record(quick, sending.Outcome(status=200))

    assert again(message).state == "delivered"


def test_a_late_success_counts(endpoint, publish_to, later):
    message = publish_to()
    slow = sending.claim(endpoint.pk)
    with later(seconds=61):
        quick = sending.claim(endpoint.pk)
        sending.record(slow, sending.Outcome(status=200))
        sending.record(quick, sending.Outcome(status=500))

    assert again(message).state == "delivered"


def in_threads(count, work, tenant):
    """Each with its own connection, in the tenant."""

    def run(number):
        try:
            with activate(tenant):
                return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def slow_receiver(receiver):
    from werkzeug import Response

    everybody = threading.Event()

    def answer(request):
        everybody.wait(0.5)
        return Response("taken")

    receiver.expect_request("/hook").respond_with_handler(answer)
    return receiver


def test_two_workers_at_once_send_it_once(at_acme, endpoint, publish_to, slow_receiver):
    message = publish_to()

    in_threads(4, lambda _: sending.send_due(endpoint.pk), at_acme)

    assert len(requests(slow_receiver)) == 1
    assert again(message).attempts == 1


def test_without_the_lease_they_would_send_it_twice(
    at_acme, endpoint, publish_to, slow_receiver, monkeypatch
):
    """The negative control: what keeps the test above from passing by luck."""
    publish_to()
    monkeypatch.setattr(sending, "LEASE", dt.timedelta(0))
    monkeypatch.setattr(schedule, "after", lambda *_: clock.now())

    in_threads(4, lambda _: sending.send_next(endpoint.pk), at_acme)

    assert len(requests(slow_receiver)) > 1


def test_a_slow_endpoint_holds_two_workers_at_most(at_acme, endpoint, publish_to):
    for number in range(5):
        publish_to(number + 1)

    claims = in_threads(5, lambda _: sending.claim(endpoint.pk), at_acme)

    assert sum(claim is not None for claim in claims) == sending.MAX_CONCURRENT_MESSAGES
    assert len({claim.message_id for claim in claims if claim}) == sending.MAX_CONCURRENT_MESSAGES


def test_a_task_stops_when_its_time_is_over_and_asks_for_another(
    endpoint, publish_to, taken, hinted, monkeypatch
):
    publish_to()
    publish_to(2)
    monkeypatch.setattr(tasks.sending, "send_due", lambda endpoint_id: sending.send_next(endpoint_id))
    hinted.clear()

    tasks.send.run(endpoint.pk)

    assert hinted == [("webhooks.send", endpoint.pk)]


def test_the_sweep_finds_what_waits(endpoint, publish_to, hinted, later):
    publish_to()
    hinted.clear()
    with later(minutes=1):
        tasks.sweep.run()

    assert hinted == [("webhooks.send", endpoint.pk)]


def test_a_message_goes_where_the_endpoint_is_now(endpoint, publish_to, receiver, later):
    answering(receiver, 500)
    message = publish_to()
    sending.send_due(endpoint.pk)
    receiver.expect_request("/new").respond_with_data("here")
    Endpoint.objects.update(url=receiver.url_for("/new"))

    with later(minutes=1):
        sending.send_due(endpoint.pk)

    assert again(message).state == "delivered"


def test_a_name_that_came_to_lead_inside_is_an_attempt_that_failed(endpoint, publish_to, settings):
    settings.OUTBOUND_TO_LOOPBACK = False
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert "cannot be told anything" in message.tries.get().error
    assert again(message).state == "pending"


def test_a_secret_that_cannot_be_read_is_an_attempt_that_failed(endpoint, publish_to, settings):
    message = publish_to()
    settings.FIELD_KEYS = ["other:" + "A" * 43 + "="]

    sending.send_due(endpoint.pk)

    assert "cannot be read" in message.tries.get().error
    assert again(message).state == "pending"


def test_a_test_message_says_that_it_is_one(endpoint, owner, taken):
    message = dispatch(SendTestMessage(endpoint_id=endpoint.pk), actor=owner)
    sending.send_due(endpoint.pk)

    assert json.loads(requests(taken)[0].data)["type"] == "webhook.test"
    assert again(message).state == "delivered"


def test_a_dead_message_is_sent_again_under_its_id(endpoint, owner, publish_to, receiver):
    answering(receiver, 500)
    message = publish_to()
    assert dead_after_the_last_attempt(endpoint, message)
    answering(receiver, 200)

    dispatch(ResendMessage(message_id=message.pk), actor=owner)
    sending.send_due(endpoint.pk)

    assert again(message).state == "delivered"
    assert requests(receiver)[-1].headers["webhook-id"] == message.ref
    assert Attempt.objects.filter(message=message).count() == 2


def test_what_is_under_way_is_not_sent_again(endpoint, owner, publish_to):
    message = publish_to()
    sending.claim(endpoint.pk)

    with pytest.raises(MessageIsUnderWay):
        dispatch(ResendMessage(message_id=message.pk), actor=owner)


def test_nothing_is_sent_again_to_a_disabled_endpoint(endpoint, owner, publish_to):
    message = publish_to()
    endpoint.disable("It is sold.")

    with pytest.raises(EndpointIsDisabled):
        dispatch(ResendMessage(message_id=message.pk), actor=owner)


def test_another_tenants_endpoints_hear_nothing(endpoint, globex, hinted):
    with activate(globex), transaction.atomic():
        listeners.notify_endpoints(envelope())

    assert not Message.objects.exists()
