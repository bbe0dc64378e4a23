"""Every entry point follows the availability table in every state and mode."""

from __future__ import annotations

import datetime as dt

import pytest
from celery import shared_task
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch, dry_run
from apps.bus.sending import dispatch_async
from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route, sweep
from apps.identity.commands import EndSession
from apps.kernel import clock
from apps.kernel.actors import Steward, System
from apps.kernel.queues.periodic import Periodic
from apps.kernel.queues.tasks import DefaultTask
from apps.kernel.queues.tenant_task import TaskTenantInactive
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.tenancy import fanout
from apps.tenancy.commands import (
    CreateTenant,
    QueueTenantForDeletion,
    SetMode,
    SetTenantActive,
    SetTenantArchived,
    SetTenantSuspended,
)
from apps.tenancy.errors import TenantIsArchived, TenantIsReadOnly, TenantIsSuspended
from apps.tenancy.models import Tenant
from apps.webhooks import queries as webhooks
from apps.webhooks import sending
from apps.webhooks.models import Message
from tests.support.shelf import SUBSCRIBER, fill

PASSWORD = "correct horse battery"
API = "/t/acme/api/v1/ledger/accounts/"
SHELL = System("The command line")


def become(tenant, actor, state):
    """The tenant after the transition, from the directory."""
    about = {"tenant_id": tenant.id, "reason": "As agreed."}
    ways = {
        "active": (),
        "suspended": (SetTenantSuspended(**about),),
        "archived": (SetTenantArchived(**about),),
        "deleting": (
            SetTenantArchived(**about),
            QueueTenantForDeletion(**about, delete_after=dt.date(2099, 1, 1)),
        ),
        "read_only": (SetMode(**about, mode="read_only"),),
        "maintenance": (SetMode(**about, mode="maintenance"),),
        "archived, in maintenance": (SetTenantArchived(**about), SetMode(**about, mode="maintenance")),
    }
    for command in ways[state]:
        dispatch(command, actor=actor)
    return Tenant.objects.get(pk=tenant.id).info


MATRIX = {
    # state: (owner reads, owner writes, another reads, owner signs in, another signs in, plan, work, beat, send)
    "active": (200, 201, 200, True, True, True, True, True, True),
    "suspended": (403, 403, 403, True, False, True, False, False, False),
    "archived": (200, 403, 403, True, False, True, False, False, False),
    "deleting": (403, 403, 403, False, False, False, False, False, False),
    "read_only": (200, 423, 200, True, True, True, False, False, False),
    "maintenance": (503, 503, 503, False, False, False, False, False, False),
    "archived, in maintenance": (503, 503, 503, False, False, False, False, False, False),
}


@shared_task(base=DefaultTask, name="tests.work_at_the_entry_point")
def work() -> str:
    return "worked"


@pytest.mark.exhaustive("every state of a tenant", over="state")
@pytest.mark.parametrize("state", MATRIX)
def test_http_requests_follow_the_state(acme, operator, owner, accountant, client_for, state):
    owners, others = client_for(owner), client_for(accountant)
    reads, writes, other_reads, signs_in, other_signs_in, plan, *_ = MATRIX[state]

    become(acme, operator, state)

    assert owners.get(API).status_code == reads
    assert _opens_an_account(owners) == writes
    assert others.get(API).status_code == other_reads
    assert _signs_in(owner) is signs_in
    assert _signs_in(accountant) is other_signs_in
    assert (owners.get("/t/acme/plan/").status_code == 200) is plan
    assert (owners.get("/t/acme/api/v1/billing/plan/").status_code == 200) is plan
    assert owners.get("/t/acme/healthz").status_code == 200


@pytest.mark.exhaustive("every state of a tenant", over="state")
@pytest.mark.parametrize("state", MATRIX)
def test_token_requests_follow_the_state(acme, operator, owner, accountant, state):
    reads, writes, other_reads, signs_in, other_signs_in, *_ = MATRIX[state]
    become(acme, operator, state)

    for user, may, to_read, to_write in (
        (owner, signs_in, reads, writes),
        (accountant, other_signs_in, other_reads, writes),
    ):
        response = Client().post(
            "/t/acme/api/v1/identity/tokens/",
            {"email": user.email, "password": PASSWORD},
            content_type="application/json",
        )
        assert (response.status_code == 201) is may, response.content
        if may:
            bearer = {"authorization": f"Bearer {response.json()['access_token']}"}
            assert Client().get(API, headers=bearer).status_code == to_read
            if user is owner:
                assert _opens_an_account(Client(headers=bearer)) == to_write


@pytest.mark.exhaustive("every state of a tenant", over="state")
@pytest.mark.parametrize("state", MATRIX)
def test_deliveries_follow_the_state(acme, operator, listener, no_broker, state):
    works = MATRIX[state][6]
    with activate(acme):
        fill()
    tenant = become(acme, operator, state)

    done = work.apply(headers={"tenant": acme.id})
    assert (done.state, type(done.result)) == (("SUCCESS", str) if works else ("IGNORED", TaskTenantInactive))
    while route():
        pass
    assert bool([pk for pk in no_broker if pk == _delivery().pk]) is works
    with activate(tenant):
        assert deliver(_delivery().pk) is works
    assert bool(listener.handled) is works
    assert _delivery().attempts == (1 if works else 0)


@pytest.mark.exhaustive("every state of a tenant", over="state")
@pytest.mark.parametrize("state", MATRIX)
def test_scheduled_tasks_follow_the_state(acme, globex, operator, monkeypatch, state):
    reached = []
    job = Periodic("tests.seal", 60, "audit", "tenants")
    monkeypatch.setattr(fanout, "PERIODIC", {job.task: job})
    monkeypatch.setattr(fanout, "send", lambda job, targets: reached.extend(targets))
    become(acme, operator, state)

    fanout.tick()

    assert reached == ([acme.id] if MATRIX[state][7] else []) + [globex.id]


@pytest.mark.exhaustive("every state of a tenant", over="state")
@pytest.mark.parametrize("state", MATRIX)
def test_webhooks_follow_the_state(operator, endpoint, publish_to, acme, receiver, state):
    receiver.expect_request("/hook").respond_with_data("thank you")
    message = publish_to()
    with activate(None):
        tenant = become(acme, operator, state)

    with activate(tenant):
        sending.send_due(endpoint.pk)
        message.refresh_from_db()
        sent = message.state == Message.State.DELIVERED

    assert sent is MATRIX[state][8]
    assert (message.attempts == 0) is not sent
    assert bool(receiver.log) is sent


def test_pending_events_are_delivered_after_reactivation(acme, globex, operator, listener, no_broker):
    """Without manual action, and without a delay for other tenants."""
    with activate(acme):
        fill()
    become(acme, operator, "suspended")
    for _ in range(3):
        _a_while()
    assert no_broker == []
    with activate(globex):
        fill(shelf=2)
    _a_while()
    assert [delivery.tenant_id for delivery in _hinted(no_broker)] == [globex.id]

    dispatch(SetTenantActive(tenant_id=acme.id, reason="Paid."), actor=operator)
    sweep(using="relay")

    (delivery,) = [hinted for hinted in _hinted(no_broker) if hinted.tenant_id == acme.id]
    with activate(Tenant.objects.get(pk=acme.id).info):
        assert deliver(delivery.pk)
    assert _of(acme).attempts == 1


def test_a_hint_received_while_closed_is_repeated_later(acme, operator, listener, no_broker):
    with activate(acme):
        fill()
    while route():
        pass
    become(acme, operator, "maintenance")
    with clock.moved_to(clock.now() + dt.timedelta(minutes=10)):
        sweep(using="relay")
    assert len(no_broker) == 1

    dispatch(SetMode(tenant_id=acme.id, mode="normal", reason="Done."), actor=operator)
    with clock.moved_to(clock.now() + dt.timedelta(minutes=11)):
        sweep(using="relay")

    assert no_broker == [_of(acme).pk] * 2


def test_a_held_message_is_sent_after_the_suspension(operator, endpoint, publish_to, acme, receiver):
    receiver.expect_request("/hook").respond_with_data("thank you")
    message = publish_to()
    with activate(None):
        closed = become(acme, operator, "suspended")
    with clock.moved_to(clock.now() + dt.timedelta(days=30)):
        with activate(closed):
            sending.send_due(endpoint.pk)
        with activate(None):
            dispatch(SetTenantActive(tenant_id=acme.id, reason="Paid."), actor=operator)
        with activate(Tenant.objects.using("control").get(pk=acme.id).info):
            assert list(webhooks.endpoints_with_due_messages()) == [endpoint.pk]
            sending.send_due(endpoint.pk)
            message.refresh_from_db()

    assert (message.state, message.attempts) == (Message.State.DELIVERED, 1)


@pytest.mark.parametrize(
    ("state", "refusal"),
    [("suspended", TenantIsSuspended), ("archived", TenantIsArchived), ("read_only", TenantIsReadOnly)],
)
def test_the_bus_refuses_every_actor_and_entry_point(acme, operator, owner, state, refusal):
    command = OpenAccount(code="9999", name="Odd", type="expense")
    with activate(become(acme, operator, state)):
        for actor in (owner, SHELL):
            with pytest.raises(refusal):
                dispatch(command, actor=actor)
            with pytest.raises(refusal):
                dispatch_async(command, actor=actor)
            assert [type(reason) for reason in dry_run(command, actor=actor)] == [refusal]


def test_platform_workflows_and_maintenance_run_in_a_closed_tenant(acme, operator, owner):
    with activate(become(acme, operator, "suspended")):
        dispatch(OpenAccount(code="9999", name="Odd", type="expense"), actor=Steward("Suspension"))
        assert EndSession.runs_while_closed
        refusals = dry_run(EndSession(session_id=0), actor=owner)
        assert [refusal.code for refusal in refusals] == ["identity.session_unknown"]


@pytest.mark.physical_copy
def test_a_pending_tenant_is_refused_with_retry_after(db, operator):
    dispatch(CreateTenant(slug="initech", name="Initech", owner_email="o@initech.example"), actor=operator)

    response = Client().get("/t/initech/api/v1/ledger/accounts/")

    assert (response.status_code, response.headers["retry-after"]) == (503, "10")
    assert response.json()["code"] == "tenancy.tenant_not_ready"


@pytest.mark.parametrize(
    ("state", "code", "retry_after"),
    [
        ("suspended", "tenancy.tenant_is_suspended", None),
        ("archived", "tenancy.tenant_is_archived", None),
        ("deleting", "tenancy.tenant_is_queued_for_deletion", None),
        ("read_only", "tenancy.tenant_is_read_only", "60"),
        ("maintenance", "tenancy.tenant_in_maintenance", "60"),
    ],
)
def test_an_api_refusal_has_a_code_and_retry_after(
    acme, operator, owner, client_for, state, code, retry_after
):
    client = client_for(owner)
    become(acme, operator, state)

    response = client.post(API, {}, content_type="application/json")

    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.headers.get("retry-after") == retry_after


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("suspended", "Acme Corporation is suspended"),
        ("archived", "Acme Corporation is archived"),
        ("deleting", "Acme Corporation is closed"),
        ("maintenance", "Under maintenance"),
    ],
)
def test_a_browser_gets_a_page(acme, operator, accountant, client_for, state, sentence):
    client = client_for(accountant)
    become(acme, operator, state)

    response = client.get("/t/acme/", headers={"accept": "text/html"})

    assert sentence in response.content.decode()
    assert response.headers["cache-control"] == "no-store"


def test_a_sign_in_without_administrator_role_is_refused(acme, operator, accountant):
    become(acme, operator, "suspended")

    response = _signing_in(accountant)

    assert response.status_code == 403
    assert "Acme Corporation is suspended" in response.content.decode()


def test_every_page_of_a_closed_tenant_has_a_banner(acme, operator, owner, client_for):
    client = client_for(owner)
    become(acme, operator, "read_only")

    page = client.get("/t/acme/").content.decode()

    assert "Acme Corporation is read-only at present" in page


def test_a_suspension_and_its_end_take_effect_at_once(acme, globex, operator, owner, client_for):
    """From the next request on, despite caches; another tenant is unaffected."""
    client, host = client_for(owner), {"host": "acme.localhost"}
    assert client.get("/t/acme/").status_code == 200

    become(acme, operator, "suspended")
    assert client.get("/t/acme/").status_code == 403
    assert Client().get("/", headers=host).status_code == 403
    assert Client().get("/t/globex/accounts/login/").status_code == 200

    dispatch(SetTenantActive(tenant_id=acme.id, reason="Paid."), actor=operator)
    assert client.get("/t/acme/").status_code == 200


def test_a_tenant_in_maintenance_needs_no_query(acme, operator):
    become(acme, operator, "maintenance")
    Client().get("/t/acme/")

    with CaptureQueriesContext(connection) as queries:
        Client().get("/t/acme/")

    assert len(queries) == 0


def _opens_an_account(client):
    account = {"code": "8888", "name": "Odd", "type": "expense"}
    return client.post(API, account, content_type="application/json").status_code


def _signing_in(user):
    return Client().post("/t/acme/accounts/login/", {"login": user.email, "password": PASSWORD})


def _signs_in(user):
    return _signing_in(user).status_code == 302


def _a_while():
    while route():
        pass
    sweep(using="relay")


def _delivery():
    return Delivery.objects.get(subscriber=SUBSCRIBER)


def _of(tenant):
    return Delivery.objects.get(subscriber=SUBSCRIBER, tenant_id=tenant.id)


def _hinted(pks):
    return list(Delivery.objects.filter(pk__in=pks))
