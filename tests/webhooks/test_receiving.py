"""What other systems say: believed by its signature, kept once, processed when its time has come."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.kernel import clock
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.errors import SeveralRefusals
from apps.kernel.periodic import PERIODIC
from apps.kernel.request_trace import entries_here, in_order
from apps.kernel.tenant import activate
from apps.webhooks import hooks, purging, receiving, schedule, tasks
from apps.webhooks.commands import AddSource, ReprocessReceived, RetireSourceSecret, RotateSourceSecret
from apps.webhooks.errors import (
    LastSecret,
    ReceivedIsProcessed,
    SchemeUnknown,
    SecretMalformed,
    SourceNameMalformed,
    SourceNameTaken,
)
from apps.webhooks.models import Received, Source
from tests.support.source import post, send, signed

OTHER_SECRET = "whsec_" + "b" * 43 + "="
HEARD: list[hooks.Incoming] = []


@pytest.fixture
def processed(monkeypatch):
    """`company.wanted` founds a company, by the command that is there for it."""

    def found(incoming: hooks.Incoming) -> None:
        HEARD.append(incoming)
        dispatch(FoundCompany(**incoming.data), actor=incoming.actor)

    HEARD.clear()
    monkeypatch.setitem(hooks._functions, "company.wanted", found)
    return HEARD


def wanted(code="W1", **more):
    return {"type": "company.wanted", "data": {"code": code, "name": "Wanted", "currency": "EUR", **more}}


def test_a_message_is_kept_as_it_came_and_processed_afterwards(source, processed, hinted):
    body = b'{"type": "company.wanted",\n "data": {"code":"W1","name":"B\xc3\xbcro","currency":"EUR"}}'

    response = post(body)

    assert response.status_code == 202
    received = Received.objects.get()
    assert (bytes(received.body), received.ref, received.state) == (body, "msg_1", "received")
    assert ("webhooks.process", received.pk) in hinted
    assert not Company.objects.filter(code="W1").exists()

    tasks.process.run(received.pk)

    assert Company.objects.get(code="W1").name == "Büro"
    received.refresh_from_db()
    assert received.state == "processed"
    assert str(HEARD[0].actor) == "The webhook source psp"


def test_a_message_told_twice_is_kept_and_done_once(source, processed):
    first, second = post(wanted()), post(wanted())

    assert (first.status_code, second.status_code) == (202, 200)
    (received,) = Received.objects.all()
    assert [receiving.process(received.pk), receiving.process(received.pk)] == [True, False]
    assert len(processed) == 1


def test_the_same_id_of_another_source_is_another_message(source, owner):
    dispatch(AddSource(name="other", scheme="standard", secret=OTHER_SECRET), actor=owner)

    post(wanted())
    response = post(wanted(), name="other", secret=OTHER_SECRET)

    assert response.status_code == 202
    assert Received.objects.count() == 2


@pytest.mark.parametrize(
    "forge",
    [
        lambda body, headers: (body + b" ", headers),
        lambda body, headers: (body, headers | {"webhook-id": "msg_2"}),
        lambda body, headers: (body, headers | {"webhook-signature": "v1,AAAA"}),
        lambda body, headers: (body, {}),
        lambda body, headers: signed(wanted(), secret=OTHER_SECRET),
        lambda body, headers: signed(wanted(), at=clock.now() - dt.timedelta(minutes=6)),
        lambda body, headers: signed(wanted(), at=clock.now() + dt.timedelta(minutes=6)),
    ],
)
def test_a_signature_that_does_not_hold_is_refused_and_counted(source, forge):
    response = send(*forge(*signed(wanted())))

    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "webhooks.signature_invalid"
    assert not Received.objects.exists()
    source.refresh_from_db()
    assert source.refused == 1


def test_another_tenants_secret_is_not_believed_here(source, globex):
    with activate(globex):
        assert not Source.objects.exists()

    assert post(wanted(), tenant="globex").status_code == 404
    assert post(wanted(), name="nobody").status_code == 404


def test_nothing_is_read_here(source):
    with activate(None):
        response = Client().get("/t/acme/api/v1/webhooks/in/psp/")

    assert (response.status_code, response.json()["code"]) == (405, "webhooks.only_posted")


def test_a_message_that_is_too_large_is_not_read(source):
    response = post(b'"' + b"a" * 300_000 + b'"')

    assert (response.status_code, response.json()["code"]) == (413, "webhooks.message_too_large")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"text"', b"[" * 100_000])
def test_what_is_signed_and_cannot_be_read_is_said(source, body):
    response = post(body)

    assert (response.status_code, response.json()["code"]) == (422, "webhooks.message_unreadable")
    assert not Received.objects.exists()


def test_what_nobody_processes_is_kept_and_can_be_processed_later(source, owner, processed, monkeypatch):
    post({"type": "planet.found", "data": {}})
    received = Received.objects.get()
    assert receiving.process(received.pk)
    assert Received.objects.get().state == "ignored"

    monkeypatch.setitem(hooks._functions, "planet.found", HEARD.append)
    dispatch(ReprocessReceived(received_id=received.pk), actor=owner)
    receiving.process(received.pk)

    assert Received.objects.get().state == "processed"
    assert HEARD[0].type == "planet.found"


def test_what_comes_too_early_is_done_when_its_time_has_come(source, processed, later):
    """The child's message overtook its parent's."""
    post(wanted("CHILD", parent="W1"), ref="msg_child")
    post(wanted("W1"), ref="msg_parent")
    child, parent = Received.objects.get(ref="msg_child"), Received.objects.get(ref="msg_parent")

    assert not receiving.process(child.pk)
    child.refresh_from_db()
    assert child.state == "failed"
    assert child.last_error
    assert receiving.process(parent.pk)
    with later(seconds=12):
        assert receiving.process(child.pk)

    assert Company.objects.get(code="CHILD").parent.code == "W1"


def test_a_failure_undoes_everything_and_in_the_end_it_is_given_up(source, monkeypatch, owner, processed):
    def found_and_fall(incoming):
        dispatch(FoundCompany(**incoming.data), actor=incoming.actor)
        raise LookupError("the shelf fell down")

    monkeypatch.setitem(hooks._functions, "company.wanted", found_and_fall)
    post(wanted())
    received = Received.objects.get()
    at = clock.now()
    for _ in range(20):
        with clock.moved_to(at):
            receiving.process(received.pk)
        received.refresh_from_db()
        at = max(received.next_at, at)

    assert (received.state, received.attempts) == ("dead", 1 + len(schedule.RECEIVED_WAITS))
    assert "the shelf fell down" in received.last_error
    assert not Company.objects.filter(code="W1").exists()

    monkeypatch.setitem(hooks._functions, "company.wanted", processed.append)
    dispatch(ReprocessReceived(received_id=received.pk), actor=owner)
    assert receiving.process(received.pk)
    with pytest.raises(ReceivedIsProcessed):
        dispatch(ReprocessReceived(received_id=received.pk), actor=owner)


class Killed(BaseException):
    """As kill -9: nobody catches it."""


def test_a_message_that_kills_its_worker_is_given_up_in_the_end(source, monkeypatch):
    def kill(incoming):
        raise Killed

    monkeypatch.setitem(hooks._functions, "company.wanted", kill)
    post(wanted())
    received = Received.objects.get()
    killed = 0
    at = clock.now()
    for _ in range(20):
        with clock.moved_to(at):
            try:
                receiving.process(received.pk)
            except Killed:
                killed += 1
        received.refresh_from_db()
        at = max(received.next_at, at)

    assert received.state == "dead"
    assert killed == 1 + len(schedule.RECEIVED_WAITS)


def test_two_workers_at_once_do_it_once(acme, source, processed):
    post(wanted())
    received = Received.objects.get()
    together = threading.Barrier(4)

    def work(_):
        try:
            with activate(acme):
                together.wait()
                return receiving.process(received.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(4)))

    assert sum(done) == 1
    assert len(processed) == 1


def test_what_comes_of_it_can_be_traced(source, monkeypatch):
    seen = []
    monkeypatch.setitem(
        hooks._functions, "company.wanted", lambda _: seen.append((correlation_id(), causation_id()))
    )
    body, headers = signed(wanted())
    send(body, headers | {"X-Correlation-ID": "theirs-12345"})
    received = Received.objects.get()

    receiving.process(received.pk)

    assert seen == [("theirs-12345", f"webhook:{received.pk}")]


def test_the_sweep_finds_what_waits(source, hinted):
    post(wanted())
    hinted.clear()

    tasks.sweep.run()

    assert hinted == [("webhooks.process", Received.objects.get().pk)]


def test_while_a_secret_is_rotated_either_is_believed(source, owner, later):
    dispatch(RotateSourceSecret(source_id=source.pk, secret=OTHER_SECRET, overlap_hours=2), actor=owner)

    assert post(wanted(), ref="msg_1").status_code == 202
    assert post(wanted(), ref="msg_2", secret=OTHER_SECRET).status_code == 202
    with later(hours=3):
        assert post(wanted(), ref="msg_3").status_code == 401
        assert post(wanted(), ref="msg_3", secret=OTHER_SECRET).status_code == 202


def test_a_secret_that_is_known_to_others_is_believed_no_more(source, owner):
    old = source.secrets.get()
    with pytest.raises(LastSecret):
        dispatch(RetireSourceSecret(secret_id=old.pk, reason="It was in a log."), actor=owner)
    dispatch(RotateSourceSecret(source_id=source.pk, secret=OTHER_SECRET), actor=owner)

    dispatch(RetireSourceSecret(secret_id=old.pk, reason="It was in a log."), actor=owner)

    assert post(wanted()).status_code == 401


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "psp"}, SourceNameTaken),
        ({"name": "Not a slug"}, SourceNameMalformed),
        ({"scheme": "morse"}, SchemeUnknown),
        ({"secret": "short"}, SecretMalformed),
        ({"scheme": "stripe", "secret": "short"}, SecretMalformed),
        ({"name": "psp", "secret": "short"}, SeveralRefusals),
    ],
)
def test_a_source_is_refused(source, owner, fields, refusal):
    good = {"name": "new", "scheme": "standard", "secret": OTHER_SECRET}

    with pytest.raises(refusal):
        dispatch(AddSource(**good | fields), actor=owner)


STRIPES_SECRET = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"


@pytest.fixture
def stripe(at_acme, owner, hinted):
    return dispatch(AddSource(name="stripe", scheme="stripe", secret=STRIPES_SECRET), actor=owner)


def stripes(said, secret=STRIPES_SECRET, at=None, before=""):
    body = json.dumps(said).encode()
    seconds = int((at or clock.now()).timestamp())
    mac = hmac.digest(secret.encode(), f"{seconds}.".encode() + body, "sha256").hex()
    return body, {"Stripe-Signature": f"t={seconds},{before}v1={mac}"}


CHARGE = {"id": "evt_1", "type": "charge.succeeded", "data": {"object": {"amount": 100}}}


def test_a_provider_that_signs_like_stripe_is_believed(stripe):
    assert send(*stripes(CHARGE), name="stripe").status_code == 202
    assert send(*stripes(CHARGE, before="v1=00,v0=11,"), name="stripe").status_code == 200

    received = Received.objects.get()
    assert (received.ref, received.type) == ("evt_1", "charge.succeeded")


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "whsec_another_one_that_is_not_it"},
        {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_and_refused_when_it_is_not_his(stripe, forged):
    assert send(*stripes(CHARGE, **forged), name="stripe").status_code == 401
    body, headers = stripes(CHARGE)
    assert send(body + b" ", headers, name="stripe").status_code == 401
    assert send(body, {"Stripe-Signature": "t=,v1="}, name="stripe").status_code == 401
    assert send(body, {}, name="stripe").status_code == 401


def test_without_an_id_a_repetition_could_not_be_known(stripe):
    response = send(*stripes({"type": "charge.succeeded"}), name="stripe")

    assert (response.status_code, response.json()["code"]) == (422, "webhooks.message_unreadable")


def test_its_life_story_says_what_came_of_it(source, processed):
    body, headers = signed(wanted())
    send(body, headers | {"X-Correlation-ID": "theirs-12345"})
    receiving.process(Received.objects.get().pk)

    lines = in_order(entries_here("theirs-12345"))

    came = next(line for line in lines if line.kind == "webhook")
    command = next(line for line in lines if line.kind == "command")
    assert came.text == "psp told us company.wanted msg_1: processed."
    assert command.caused_by == came.name


# How much, and for how long


@pytest.fixture
def at_noon():
    """The minute does not end in the middle of a test."""
    with clock.moved_to(dt.datetime(2031, 3, 4, 12, 0, 10, tzinfo=dt.UTC)):
        yield


def test_a_source_posts_so_many_in_a_minute(source, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 2
    answers = [post(wanted(), ref=f"msg_{number}") for number in range(3)]

    assert [each.status_code for each in answers] == [202, 202, 429]
    assert (answers[-1].json()["code"], answers[-1]["Retry-After"]) == ("webhooks.too_many_messages", "50")
    assert Received.objects.count() == 2
    with clock.moved_to(clock.now() + dt.timedelta(minutes=1)):
        assert post(wanted(), ref="msg_2").status_code == 202


def test_who_floods_it_with_forgeries_does_not_shut_it_out(source, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 2
    body, headers = signed(wanted())
    forged = headers | {"webhook-signature": "v1,AAAA"}

    statuses = [send(body, forged, address="203.0.113.9").status_code for _ in range(4)]

    assert statuses == [401, 401, 429, 429]
    assert not Received.objects.exists()
    source.refresh_from_db()
    assert source.refused == 2
    assert post(wanted()).status_code == 202


def test_what_holds_is_counted_from_all_addresses_together(source, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 2

    statuses = [
        send(*signed(wanted(), ref=f"msg_{number}"), address=f"203.0.113.{number}").status_code
        for number in range(3)
    ]

    assert statuses == [202, 202, 429]


def test_another_source_has_its_own_count(source, owner, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 1
    dispatch(AddSource(name="other", scheme="standard", secret=OTHER_SECRET), actor=owner)

    assert [post(wanted(), ref=ref).status_code for ref in ("msg_1", "msg_2")] == [202, 429]
    assert post(wanted(), name="other", secret=OTHER_SECRET).status_code == 202


def test_what_is_over_is_forgotten_and_what_is_still_to_be_done_is_not(source, settings, monkeypatch, later):
    """More of them than go at once."""
    monkeypatch.setattr(purging, "AT_ONCE", 2)
    settings.WEBHOOK_RETENTION = dt.timedelta(days=90)
    for number, state in enumerate(Received.State.values * 2):
        post(wanted(), ref=f"old_{number}")
        Received.objects.filter(ref=f"old_{number}").update(state=state)
    with later(days=80):
        post(wanted(), ref="young")
        Received.objects.filter(ref="young").update(state="processed")
        tasks.purge.run()
        assert Received.objects.count() == 11

    with later(days=91):
        tasks.purge.run()

    left = Received.objects.order_by("pk").values_list("ref", "state")
    assert sorted(state for _, state in left) == ["failed", "failed", "processed", "received", "received"]
    assert left.last() == ("young", "processed")


def test_one_that_somebody_processes_again_is_left_for_the_next_time(source, settings, later):
    settings.WEBHOOK_RETENTION = dt.timedelta(days=90)
    post(wanted(), ref="old")
    Received.objects.update(state="processed")
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT 1 FROM webhooks_received FOR UPDATE")
            with later(days=91):
                tasks.purge.run()
            assert Received.objects.exists()
            other.rollback()
    finally:
        other.close()

    with later(days=91):
        tasks.purge.run()
    assert not Received.objects.exists()


def test_it_goes_in_every_tenant_on_the_slowest_queue():
    declared = PERIODIC["webhooks.purge"]

    assert (declared.queue, declared.where) == ("low", "everywhere")
