"""Messages from an event to its receiver, with failures at every step."""

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
from apps.kernel.db.retries import Backoff
from apps.kernel.observability.traceparent import parse
from apps.kernel.tenant import activate
from apps.webhooks import listeners, queries, schedule, sending, tasks
from apps.webhooks.commands import RegisterEndpoint, ResendMessage, RotateSecret, SendTestMessage
from apps.webhooks.errors import EndpointIsDisabled, MessageIsInProgress
from apps.webhooks.models import Attempt, Endpoint, Message
from tests.support.receiver import envelope


@pytest.fixture
def accepting_receiver(receiver):
    """A receiver with a 200 response to every message."""
    receiver.expect_request("/hook").respond_with_data("thank you")
    return receiver


def set_response(receiver, status, **headers):
    receiver.clear()
    receiver.expect_request("/hook").respond_with_data("no", status, headers)


def requests(receiver):
    return [request for request, _ in receiver.log]


def refreshed(message):
    message.refresh_from_db()
    return message


def test_an_event_is_sent_as_one_message(endpoint, publish_to, accepting_receiver, hinted):
    message = publish_to(entry_id=7, name="entry.posted")

    assert ("webhooks.send", endpoint.pk) in [(hint.task, hint.pk) for hint in hinted]
    assert not sending.send_due(endpoint.pk)

    (request,) = requests(accepting_receiver)
    payload = json.loads(request.data)
    assert (payload["type"], payload["data"], payload["event_id"]) == ("entry.posted", {"entry_id": 7}, 1)
    assert payload["timestamp"].endswith("Z")
    assert request.headers["webhook-id"] == message.ref
    assert request.headers["X-Correlation-ID"] == "request-7"
    assert request.headers["Content-Type"] == "application/json"
    assert refreshed(message).state == "delivered"
    (attempt,) = message.tries.all()
    assert (attempt.status, attempt.response_body) == (200, "thank you")


def test_a_message_has_the_correlation_id_of_its_request(endpoint, publish_to, receiver):
    """At each attempt, also in a sweep, which has another correlation id."""
    publish_to()
    set_response(receiver, 503)
    for wait in (dt.timedelta(), dt.timedelta(hours=1)):
        with correlated("id-of-the-sweep"), clock.moved_to(clock.now() + wait):
            sending.send_due(endpoint.pk)

    assert [request.headers["X-Correlation-ID"] for request in requests(receiver)] == ["request-7"] * 2
    assert all(parse(request.headers["traceparent"]) for request in requests(receiver))


def test_a_sent_message_is_verified_by_the_standardwebhooks_package(endpoint, publish_to, accepting_receiver):
    publish_to()
    sending.send_due(endpoint.pk)

    (request,) = requests(accepting_receiver)
    Webhook(endpoint.new_secret).verify(request.data, dict(request.headers))


def test_during_a_rotation_messages_are_signed_with_both_secrets(
    endpoint, owner, publish_to, accepting_receiver
):
    old = endpoint.new_secret
    new = dispatch(RotateSecret(endpoint_id=endpoint.pk, overlap_hours=2), actor=owner).new_secret
    publish_to()
    sending.send_due(endpoint.pk)

    (request,) = requests(accepting_receiver)
    for secret in (old, new):
        Webhook(secret).verify(request.data, dict(request.headers))
    with clock.moved_to(clock.now() + dt.timedelta(hours=3)):
        publish_to(2)
        sending.send_due(endpoint.pk)
    assert requests(accepting_receiver)[1].headers["webhook-signature"].count("v1,") == 1


def test_a_repeated_delivery_inserts_one_message(endpoint, publish_to, accepting_receiver):
    publish_to()
    publish_to()
    sending.send_due(endpoint.pk)

    assert Message.objects.count() == 1
    assert len(requests(accepting_receiver)) == 1


def test_a_rolled_back_event_has_no_message(endpoint):
    with transaction.atomic():
        listeners.notify_endpoints(envelope())
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_an_endpoint_receives_only_its_selected_events(endpoint, owner, receiver):
    other = dispatch(RegisterEndpoint(url=receiver.url_for("/other"), events=("period.closed",)), actor=owner)

    with transaction.atomic():
        listeners.notify_endpoints(envelope(1, "entry.posted"))
        listeners.notify_endpoints(envelope(2, "period.closed"))

    assert list(endpoint.messages.order_by("id").values_list("event_id", flat=True)) == [1, 2]
    assert list(other.messages.values_list("event_id", flat=True)) == [2]


@pytest.mark.parametrize("name", ["command.sent", "saga.due"])
def test_an_internal_event_has_no_message(endpoint, name):
    """The event of a queued command contains its fields."""
    assert not SUBSCRIBERS["webhooks.notify_endpoints"].matches(name)
    listeners.notify_endpoints(envelope(1, name))

    assert not Message.objects.exists()
    assert name not in queries.event_names()


def test_an_event_of_a_newer_release_is_not_handled(endpoint):
    with pytest.raises(VersionUnknown):
        listeners.notify_endpoints(envelope(1, "planet.found"))


def test_retries_follow_the_schedule_of_the_specification(endpoint, publish_to, receiver):
    set_response(receiver, 500)
    message = publish_to()
    waits = []
    at = clock.now()
    for _ in range(20):
        with clock.moved_to(at):
            if not sending.send_next(endpoint.pk):
                break
        if refreshed(message).state == "dead":
            break
        waits.append(message.next_at - at)
        with clock.moved_to(message.next_at - dt.timedelta(seconds=1)):
            assert not sending.send_next(endpoint.pk)
        at = message.next_at

    assert len(requests(receiver)) == message.tries.count() == 10 == schedule.SENDING.max_attempts
    assert len({request.headers["webhook-id"] for request in requests(receiver)}) == 1
    assert len({request.data for request in requests(receiver)}) == 1
    for wait, meant in zip(waits, schedule.SENDING.delays, strict=True):
        assert meant <= wait <= meant * 1.1
    assert message.state == "dead"


def test_a_message_is_delivered_after_the_recovery_of_its_receiver(endpoint, publish_to, receiver, later):
    set_response(receiver, 503)
    message = publish_to()
    sending.send_due(endpoint.pk)
    assert refreshed(message).state == "pending"

    set_response(receiver, 204)
    with later(seconds=6):
        sending.send_due(endpoint.pk)

    assert refreshed(message).state == "delivered"
    assert [try_.status for try_ in message.tries.all()] == [503, 204]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_delays_the_next_attempt(endpoint, publish_to, receiver, status):
    set_response(receiver, status, **{"Retry-After": "120"})
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert 110 < (refreshed(message).next_at - clock.now()).total_seconds() <= 120


def test_retry_after_as_a_date_is_limited_to_a_day(endpoint, publish_to, receiver):
    date = format_datetime(clock.now() + dt.timedelta(hours=1), usegmt=True)
    set_response(receiver, 429, **{"Retry-After": date})
    first = publish_to()
    sending.send_due(endpoint.pk)
    set_response(receiver, 429, **{"Retry-After": "99999999"})
    second = publish_to(2)
    sending.send_due(endpoint.pk)

    assert dt.timedelta(minutes=58) < refreshed(first).next_at - clock.now() <= dt.timedelta(hours=1)
    assert refreshed(second).next_at - clock.now() <= dt.timedelta(days=1)


@pytest.mark.parametrize("header", ["soon", "-5", "", "Wed, 99 Foo 2026"])
def test_a_malformed_retry_after_is_ignored(endpoint, publish_to, receiver, header):
    set_response(receiver, 503, **{"Retry-After": header})
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert dt.timedelta(0) < refreshed(message).next_at - clock.now() < dt.timedelta(seconds=6)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 404, 500])
def test_a_response_other_than_2xx_is_a_failure_without_redirects(endpoint, publish_to, receiver, status):
    set_response(receiver, status, Location=receiver.url_for("/elsewhere"))
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert refreshed(message).state == "pending"
    assert [request.path for request in requests(receiver)] == ["/hook"]


def test_a_410_response_disables_the_endpoint(endpoint, publish_to, receiver):
    set_response(receiver, 410)
    message = publish_to()

    sending.send_due(endpoint.pk)

    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_reason) == ("disabled", "The endpoint returned 410 Gone.")
    assert Record.objects.get(command="webhooks.disable_endpoint").actor_name == "Webhooks"
    assert refreshed(message).state == "pending"
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        assert not sending.send_next(endpoint.pk)
        assert queries.endpoints_with_due_messages() == []
    listeners.notify_endpoints(envelope(2))
    assert endpoint.messages.count() == 1


def dead_after_the_last_attempt(endpoint, message):
    Message.objects.filter(pk=message.pk).update(attempts=9, next_at=clock.now())
    sending.send_due(endpoint.pk)
    return refreshed(message).state == "dead"


def test_an_endpoint_without_success_for_five_days_is_disabled(endpoint, publish_to, receiver, later):
    set_response(receiver, 500)
    with later(days=4):
        assert dead_after_the_last_attempt(endpoint, publish_to())
        endpoint.refresh_from_db()
        assert endpoint.is_active
    with later(days=5, seconds=1):
        assert dead_after_the_last_attempt(endpoint, publish_to(2))

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "No message was accepted for 5 days."


def test_an_endpoint_with_a_success_within_five_days_stays_active(endpoint, publish_to, receiver, later):
    set_response(receiver, 200)
    with later(days=3):
        publish_to()
        sending.send_due(endpoint.pk)
    set_response(receiver, 500)
    with later(days=6):
        assert dead_after_the_last_attempt(endpoint, publish_to(2))

    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_a_timeout_is_a_failed_attempt(endpoint, publish_to, receiver, monkeypatch):
    from werkzeug import Response

    from apps.kernel.outbound import posting

    post = posting.post
    monkeypatch.setattr(posting, "post", lambda *args: post(*args, timeout=0.3))
    done = threading.Event()
    receiver.expect_request("/hook").respond_with_handler(lambda request: done.wait(3) and Response("late"))
    message = publish_to()

    sending.send_due(endpoint.pk)

    done.set()
    (attempt,) = message.tries.all()
    assert (attempt.status, attempt.error) == (None, "It did not answer in time.")
    assert refreshed(message).state == "pending"


def test_a_refused_connection_is_a_failed_attempt(at_acme, owner, hinted, publish_to):
    endpoint = Endpoint.objects.get()
    Endpoint.objects.update(url="http://127.0.0.1:1/")
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert message.tries.get().error == "It refuses the connection."


class Killed(BaseException):
    """Like kill -9: not caught anywhere."""


def test_a_worker_killed_before_recording_leads_to_a_repetition_with_the_same_id(
    endpoint, publish_to, accepting_receiver, monkeypatch, later
):
    message = publish_to()
    record = sending.record
    monkeypatch.setattr(sending, "record", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        sending.send_due(endpoint.pk)
    monkeypatch.setattr(sending, "record", record)

    assert not sending.send_next(endpoint.pk), "the lease has not ended"
    with later(seconds=61):
        sending.send_due(endpoint.pk)

    first, second = requests(accepting_receiver)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.ref
    assert refreshed(message).state == "delivered"
    assert [str(try_) for try_ in message.tries.all()] == ["no outcome was recorded", "200"]


def test_an_attempt_of_a_killed_worker_is_counted(
    endpoint, publish_to, accepting_receiver, monkeypatch, later
):
    message = publish_to()
    monkeypatch.setattr(sending, "make", lambda _: (_ for _ in ()).throw(Killed))
    for hours in range(0, 100, 10):
        with later(hours=hours), pytest.raises(Killed):
            Message.objects.filter(pk=message.pk).update(next_at=clock.now())
            sending.send_due(endpoint.pk)
    with later(hours=200):
        assert not sending.send_next(endpoint.pk)

    assert refreshed(message).state == "dead"
    assert message.tries.count() == 10


def test_a_late_failure_leaves_the_lease_of_another_attempt(endpoint, publish_to, accepting_receiver, later):
    message = publish_to()
    slow = sending.claim(endpoint.pk)
    with later(seconds=61):
        quick = sending.claim(endpoint.pk)
        sending.record(slow, sending.Outcome(error="It did not answer in time."))
        assert refreshed(message).lease_holder == quick.pk
        sending.record(quick, sending.Outcome(status=200))

    assert refreshed(message).state == "delivered"


def test_a_late_success_is_recorded(endpoint, publish_to, later):
    message = publish_to()
    slow = sending.claim(endpoint.pk)
    with later(seconds=61):
        quick = sending.claim(endpoint.pk)
        sending.record(slow, sending.Outcome(status=200))
        sending.record(quick, sending.Outcome(status=500))

    assert refreshed(message).state == "delivered"


def in_threads(count, work, tenant):
    """Runs the work in threads of the tenant, each with its own connection."""

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

    delay = threading.Event()

    def respond(request):
        delay.wait(0.5)
        return Response("accepted")

    receiver.expect_request("/hook").respond_with_handler(respond)
    return receiver


def test_concurrent_workers_send_a_message_once(at_acme, endpoint, publish_to, slow_receiver):
    message = publish_to()

    in_threads(4, lambda _: sending.send_due(endpoint.pk), at_acme)

    assert len(requests(slow_receiver)) == 1
    assert refreshed(message).attempts == 1


def test_control_without_the_lease_a_message_is_sent_twice(
    at_acme, endpoint, publish_to, slow_receiver, monkeypatch
):
    """Shows that the test above does not pass by chance."""
    publish_to()
    monkeypatch.setattr(sending, "LEASE", dt.timedelta(0))
    monkeypatch.setattr(schedule, "SENDING", Backoff((dt.timedelta(),) * 9))

    in_threads(4, lambda _: sending.send_next(endpoint.pk), at_acme)

    assert len(requests(slow_receiver)) > 1


def test_a_slow_endpoint_occupies_at_most_two_workers(at_acme, endpoint, publish_to):
    for number in range(5):
        publish_to(number + 1)

    claims = in_threads(5, lambda _: sending.claim(endpoint.pk), at_acme)

    assert sum(claim is not None for claim in claims) == sending.MAX_CONCURRENT_MESSAGES
    assert len({claim.message_id for claim in claims if claim}) == sending.MAX_CONCURRENT_MESSAGES


def test_a_task_at_its_time_limit_sends_another_hint(
    endpoint, publish_to, accepting_receiver, hinted, monkeypatch
):
    publish_to()
    publish_to(2)
    monkeypatch.setattr(tasks.sending, "send_due", lambda endpoint_id: sending.send_next(endpoint_id))
    hinted.clear()

    tasks.send.run(endpoint.pk)

    assert [(hint.task, hint.pk) for hint in hinted] == [("webhooks.send", endpoint.pk)]


def test_the_sweep_hints_due_messages(endpoint, publish_to, hinted, later):
    publish_to()
    hinted.clear()
    with later(minutes=1):
        tasks.sweep.run()

    assert [(hint.task, hint.pk) for hint in hinted] == [("webhooks.send", endpoint.pk)]


def test_a_retry_goes_to_the_current_url_of_the_endpoint(endpoint, publish_to, receiver, later):
    set_response(receiver, 500)
    message = publish_to()
    sending.send_due(endpoint.pk)
    receiver.expect_request("/new").respond_with_data("here")
    Endpoint.objects.update(url=receiver.url_for("/new"))

    with later(minutes=1):
        sending.send_due(endpoint.pk)

    assert refreshed(message).state == "delivered"


def test_a_host_name_with_a_private_address_is_a_failed_attempt(endpoint, publish_to, settings):
    settings.OUTBOUND_TO_LOOPBACK = False
    message = publish_to()

    sending.send_due(endpoint.pk)

    assert "are refused" in message.tries.get().error
    assert refreshed(message).state == "pending"


def test_an_unreadable_secret_is_a_failed_attempt(endpoint, publish_to, settings):
    message = publish_to()
    settings.FIELD_KEYS = ["other:" + "A" * 43 + "="]

    sending.send_due(endpoint.pk)

    assert "cannot be read" in message.tries.get().error
    assert refreshed(message).state == "pending"


def test_a_test_message_has_its_own_type(endpoint, owner, accepting_receiver):
    message = dispatch(SendTestMessage(endpoint_id=endpoint.pk), actor=owner)
    sending.send_due(endpoint.pk)

    assert json.loads(requests(accepting_receiver)[0].data)["type"] == "webhook.test"
    assert refreshed(message).state == "delivered"


def test_a_dead_message_is_resent_with_its_id(endpoint, owner, publish_to, receiver):
    set_response(receiver, 500)
    message = publish_to()
    assert dead_after_the_last_attempt(endpoint, message)
    set_response(receiver, 200)

    dispatch(ResendMessage(message_id=message.pk), actor=owner)
    sending.send_due(endpoint.pk)

    assert refreshed(message).state == "delivered"
    assert requests(receiver)[-1].headers["webhook-id"] == message.ref
    assert Attempt.objects.filter(message=message).count() == 2


def test_resending_a_message_in_progress_is_refused(endpoint, owner, publish_to):
    message = publish_to()
    sending.claim(endpoint.pk)

    with pytest.raises(MessageIsInProgress):
        dispatch(ResendMessage(message_id=message.pk), actor=owner)


def test_resending_to_a_disabled_endpoint_is_refused(endpoint, owner, publish_to):
    message = publish_to()
    endpoint.disable("Shop closed.")

    with pytest.raises(EndpointIsDisabled):
        dispatch(ResendMessage(message_id=message.pk), actor=owner)


def test_endpoints_of_another_tenant_receive_no_message(endpoint, globex, hinted):
    with activate(globex), transaction.atomic():
        listeners.notify_endpoints(envelope())

    assert not Message.objects.exists()
