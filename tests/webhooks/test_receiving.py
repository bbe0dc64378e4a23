"""Received messages: verified, stored once, and processed with retries."""

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
from apps.kernel.errors import Conflict, SeveralRefusals
from apps.kernel.observability.request_trace import entries_here, in_order
from apps.kernel.queues.periodic import PERIODIC
from apps.kernel.tenant import activate
from apps.kernel.text import CharacterNotAllowed
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
PROCESSED: list[hooks.Incoming] = []


@pytest.fixture
def processed(monkeypatch):
    """`company.wanted` dispatches FoundCompany."""

    def found_company(incoming: hooks.Incoming) -> None:
        PROCESSED.append(incoming)
        dispatch(FoundCompany(**incoming.data), actor=incoming.actor)

    PROCESSED.clear()
    monkeypatch.setitem(hooks._functions, "company.wanted", found_company)
    return PROCESSED


def wanted(code="W1", **more):
    return {"type": "company.wanted", "data": {"code": code, "name": "Wanted", "currency": "EUR", **more}}


def test_a_message_is_stored_verbatim_before_it_is_processed(source, processed, hinted):
    body = b'{"type": "company.wanted",\n "data": {"code":"W1","name":"B\xc3\xbcro","currency":"EUR"}}'

    response = post(body)

    assert response.status_code == 202
    received = Received.objects.get()
    assert (bytes(received.body), received.ref, received.state) == (body, "msg_1", "received")
    assert ("webhooks.process", received.pk) in [(hint.task, hint.pk) for hint in hinted]
    assert not Company.objects.filter(code="W1").exists()

    tasks.process.run(received.pk)

    assert Company.objects.get(code="W1").name == "Büro"
    received.refresh_from_db()
    assert received.state == "processed"
    assert str(PROCESSED[0].actor) == "The webhook source psp"


def test_a_message_whose_money_cannot_be_posted_yet_waits_without_attempts(source, monkeypatch, later):
    class NotYet(Conflict):
        message = "Not yet."
        postpones = True

    def refuse(incoming):
        raise NotYet

    monkeypatch.setitem(hooks._functions, "company.wanted", refuse)
    post(wanted())
    received = Received.objects.get()

    for hours in range(1, 12):
        with later(hours=hours):
            tasks.process.run(received.pk)

    received.refresh_from_db()
    assert (received.state, received.attempts, received.last_error) == ("failed", 0, "Not yet.")


def test_a_repeated_message_is_processed_once(source, processed):
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
def test_an_invalid_signature_is_counted_as_refused(source, forge):
    response = send(*forge(*signed(wanted())))

    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "webhooks.signature_invalid"
    assert not Received.objects.exists()
    source.refresh_from_db()
    assert source.refused == 1


def test_a_source_of_another_tenant_is_not_found(source, globex):
    with activate(globex):
        assert not Source.objects.exists()

    assert post(wanted(), tenant="globex").status_code == 404
    assert post(wanted(), name="unknown").status_code == 404


def test_a_get_request_is_refused(source):
    with activate(None):
        response = Client().get("/t/acme/api/v1/webhooks/in/psp/")

    assert (response.status_code, response.json()["code"]) == (405, "webhooks.only_posted")


def test_a_message_over_the_size_limit_is_refused(source):
    response = post(b'"' + b"a" * 300_000 + b'"')

    assert (response.status_code, response.json()["code"]) == (413, "webhooks.message_too_large")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"text"', b"[" * 100_000])
def test_a_signed_body_that_is_not_a_json_object_is_refused(source, body):
    response = post(body)

    assert (response.status_code, response.json()["code"]) == (422, "webhooks.message_unreadable")
    assert not Received.objects.exists()


def test_a_signed_message_that_cannot_be_stored_is_refused(source):
    for body in (
        b'{"type": "pay\\u0000", "data": {}}',
        b'{"type": "pay\\ud83d", "data": {}}',
        b'{"type": "company.wanted", "data": {"name": "\\u0000"}}',
        b'{"type": "company.wanted", "data": {"\\ud83d": 1}}',
        b'{"type": {"a": 1}, "data": {}}',
        b'{"type": "company.wanted", "type": "other", "data": {}}',
        b'{"type": "company.wanted", "data": {"rate": 1e999}}',
    ):
        response = post(body)

        assert (response.status_code, response.json()["code"]) == (422, "webhooks.message_unreadable"), body
    assert not Received.objects.exists()


def test_an_ignored_message_can_be_reprocessed_later(source, owner, processed, monkeypatch):
    post({"type": "planet.found", "data": {}})
    received = Received.objects.get()
    assert receiving.process(received.pk)
    assert Received.objects.get().state == "ignored"

    monkeypatch.setitem(hooks._functions, "planet.found", PROCESSED.append)
    dispatch(ReprocessReceived(received_id=received.pk), actor=owner)
    receiving.process(received.pk)

    assert Received.objects.get().state == "processed"
    assert PROCESSED[0].type == "planet.found"


def test_a_message_that_is_too_early_is_processed_by_a_retry(source, processed, later):
    """The message of a child company arrives before its parent's."""
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


def test_a_message_that_always_fails_becomes_dead_without_effects(source, monkeypatch, owner, processed):
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

    assert (received.state, received.attempts) == ("dead", schedule.PROCESSING.max_attempts)
    assert "the shelf fell down" in received.last_error
    assert not Company.objects.filter(code="W1").exists()

    monkeypatch.setitem(hooks._functions, "company.wanted", processed.append)
    dispatch(ReprocessReceived(received_id=received.pk), actor=owner)
    assert receiving.process(received.pk)
    with pytest.raises(ReceivedIsProcessed):
        dispatch(ReprocessReceived(received_id=received.pk), actor=owner)


class Killed(BaseException):
    """Like kill -9: not caught anywhere."""


def test_a_message_that_kills_its_worker_becomes_dead(source, monkeypatch):
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
    assert killed == schedule.PROCESSING.max_attempts


def test_concurrent_workers_process_a_message_once(acme, source, processed):
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


def test_processing_has_the_correlation_id_of_the_request(source, monkeypatch):
    seen = []
    monkeypatch.setitem(
        hooks._functions, "company.wanted", lambda _: seen.append((correlation_id(), causation_id()))
    )
    body, headers = signed(wanted())
    send(body, headers | {"X-Correlation-ID": "provider-12345"})
    received = Received.objects.get()

    receiving.process(received.pk)

    assert seen == [("provider-12345", f"webhook:{received.pk}")]


def test_the_sweep_hints_due_messages(source, hinted):
    post(wanted())
    hinted.clear()

    tasks.sweep.run()

    assert [(hint.task, hint.pk) for hint in hinted] == [("webhooks.process", Received.objects.get().pk)]


def test_during_a_rotation_both_secrets_are_valid(source, owner, later):
    dispatch(RotateSourceSecret(source_id=source.pk, secret=OTHER_SECRET, overlap_hours=2), actor=owner)

    assert post(wanted(), ref="msg_1").status_code == 202
    assert post(wanted(), ref="msg_2", secret=OTHER_SECRET).status_code == 202
    with later(hours=3):
        assert post(wanted(), ref="msg_3").status_code == 401
        assert post(wanted(), ref="msg_3", secret=OTHER_SECRET).status_code == 202


def test_a_retired_secret_is_refused(source, owner):
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
        ({"secret": "whsec_" + "é" * 32}, SecretMalformed),
        ({"secret": "whsec_\0" + "a" * 32}, CharacterNotAllowed),
        ({"scheme": "stripe", "secret": "short"}, SecretMalformed),
        ({"name": "psp", "secret": "short"}, SeveralRefusals),
    ],
)
def test_an_invalid_source_is_refused(source, owner, fields, refusal):
    good = {"name": "new", "scheme": "standard", "secret": OTHER_SECRET}

    with pytest.raises(refusal):
        dispatch(AddSource(**good | fields), actor=owner)


STRIPE_SECRET = "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"


@pytest.fixture
def stripe(at_acme, owner, hinted):
    return dispatch(AddSource(name="stripe", scheme="stripe", secret=STRIPE_SECRET), actor=owner)


def stripe_signed(payload, secret=STRIPE_SECRET, at=None, before=""):
    body = json.dumps(payload).encode()
    seconds = int((at or clock.now()).timestamp())
    mac = hmac.digest(secret.encode(), f"{seconds}.".encode() + body, "sha256").hex()
    return body, {"Stripe-Signature": f"t={seconds},{before}v1={mac}"}


CHARGE = {"id": "evt_1", "type": "charge.succeeded", "data": {"object": {"amount": 100}}}


def test_a_stripe_signature_is_accepted(stripe):
    assert send(*stripe_signed(CHARGE), name="stripe").status_code == 202
    assert send(*stripe_signed(CHARGE, before="v1=00,v0=11,"), name="stripe").status_code == 200

    received = Received.objects.get()
    assert (received.ref, received.type) == ("evt_1", "charge.succeeded")


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "whsec_another_one_that_is_not_it"},
        {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_an_invalid_stripe_signature_is_refused(stripe, forged):
    assert send(*stripe_signed(CHARGE, **forged), name="stripe").status_code == 401
    body, headers = stripe_signed(CHARGE)
    assert send(body + b" ", headers, name="stripe").status_code == 401
    assert send(body, {"Stripe-Signature": "t=,v1="}, name="stripe").status_code == 401
    assert send(body, {}, name="stripe").status_code == 401


def test_a_message_without_an_id_is_refused(stripe):
    response = send(*stripe_signed({"type": "charge.succeeded"}), name="stripe")

    assert (response.status_code, response.json()["code"]) == (422, "webhooks.message_unreadable")


def test_the_request_trace_links_the_message_with_its_command(source, processed):
    body, headers = signed(wanted())
    send(body, headers | {"X-Correlation-ID": "provider-12345"})
    receiving.process(Received.objects.get().pk)

    lines = in_order(entries_here("provider-12345"))

    message = next(line for line in lines if line.kind == "webhook")
    command = next(line for line in lines if line.kind == "command")
    assert message.text == "company.wanted msg_1 from psp: processed."
    assert command.caused_by == message.name


# Limits and retention


@pytest.fixture
def at_noon():
    """A fixed time, so that no time passes during a test."""
    with clock.moved_to(dt.datetime(2031, 3, 4, 12, 0, 10, tzinfo=dt.UTC)):
        yield


def test_messages_over_the_limit_per_minute_are_refused(source, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 2
    responses = [post(wanted(), ref=f"msg_{number}") for number in range(3)]

    assert [response.status_code for response in responses] == [202, 202, 429]
    assert (responses[-1].json()["code"], responses[-1]["Retry-After"]) == (
        "webhooks.too_many_messages",
        "60",
    )
    assert Received.objects.count() == 2
    with clock.moved_to(clock.now() + dt.timedelta(minutes=1)):
        assert post(wanted(), ref="msg_2").status_code == 202


def test_forgeries_from_one_address_do_not_block_the_source(source, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 2
    body, headers = signed(wanted())
    forged = headers | {"webhook-signature": "v1,AAAA"}

    statuses = [send(body, forged, address="203.0.113.9").status_code for _ in range(4)]

    assert statuses == [401, 401, 429, 429]
    assert not Received.objects.exists()
    source.refresh_from_db()
    assert source.refused == 2
    assert post(wanted()).status_code == 202


def test_valid_messages_are_counted_over_all_addresses(source, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 2

    statuses = [
        send(*signed(wanted(), ref=f"msg_{number}"), address=f"203.0.113.{number}").status_code
        for number in range(3)
    ]

    assert statuses == [202, 202, 429]


def test_each_source_has_its_own_limit(source, owner, settings, at_noon):
    settings.WEBHOOKS_PER_MINUTE = 1
    dispatch(AddSource(name="other", scheme="standard", secret=OTHER_SECRET), actor=owner)

    assert [post(wanted(), ref=ref).status_code for ref in ("msg_1", "msg_2")] == [202, 429]
    assert post(wanted(), name="other", secret=OTHER_SECRET).status_code == 202


def test_only_settled_messages_are_deleted_after_the_retention(source, settings, monkeypatch, later):
    """More messages than one batch."""
    monkeypatch.setattr(purging, "BATCH_SIZE", 2)
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


def test_a_locked_message_is_deleted_by_a_later_run(source, settings, later):
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


def test_purging_runs_for_every_tenant_on_the_low_queue():
    declared = PERIODIC["webhooks.purge"]

    assert (declared.queue, declared.where) == ("low", "everywhere")
