"""A fresh authentication over HTTP: the console asks on a page and continues with the form, the API by a problem."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import resolve, reverse

from apps.audit.models import Record
from apps.bus import dispatch
from apps.console import hooks
from apps.console.admin import CommandPage
from apps.identity.models import ApiSession, User
from apps.kernel.clock import moved_to, now, today
from apps.kernel.tenant import activate
from apps.webhooks.commands import AddSource
from tests.support.attack_surface import OPERATORS, TENANTS, addresses, body
from tests.support.database import PASSWORD, TESTER
from tests.support.problems import refused

URLCONFS = {"operator": OPERATORS, "tenant": TENANTS}
OF_A_REQUEST = {"approve_request"}
"""Opened for a pending request only: tests/approvals."""
FORM = {
    "reason": "because",
    "roles": ["auditor", "controller"],
    "role": "auditor",
    "email": "new@acme.example",
    "name": "Nia New",
    "overlap_hours": "1",
    "secret": "whsec_0987654321",
    "purpose": "posts salaries",
    "scopes": ["service_accounts.view_serviceaccount"],
    "expires_on": str(today() + dt.timedelta(days=90)),
    "idempotency_key": "4711",
    "opened_with": '{"roles": ["accountant"]}',
    "slug": "copy",
    "database": "home",
    "confirmation": "Acme Corporation",
}


def later(minutes: int = 11):
    return moved_to(now() + dt.timedelta(minutes=minutes))


def roles_of(user: User) -> list[str]:
    return User.objects.get(pk=user.pk).role_names


def demands(command) -> bool:
    return bool(command and command.fresh_authentication_s)


@pytest.fixture
def page(accountant) -> str:
    return f"/t/acme/identity/users/{accountant.pk}/roles/"


@pytest.mark.parametrize("plane", hooks.PLANES)
def test_every_page_of_a_demanding_command_asks_a_stale_session(
    plane, client_for, owner, operator, acme, accountant
):
    tenant = acme if plane == "tenant" else None
    client, prefix = client_for(owner if tenant else operator, tenant), "/t/acme" if tenant else ""
    with activate(acme):
        source = dispatch(AddSource(name="bank", scheme="stripe", secret="whsec_1234567890"), actor=TESTER)
    ids = {"user_id": accountant.pk, "tenant_id": acme.id, "source_id": source.pk}
    form = FORM | {"user_id": accountant.pk, "owner_id": (owner if tenant else operator).pk}
    pages = [
        page
        for page in hooks.pages(plane)
        if demands(getattr(page.view, "command", None)) and page.name not in OF_A_REQUEST
    ]
    assert all(isinstance(page.view, CommandPage) for page in pages)

    with later():
        for page in pages:
            names = [part.partition(":")[2].rstrip(">") for part in page.path.split("/") if ":" in part]
            address = reverse(
                f"admin:{page.name}", URLCONFS[plane], kwargs={name: ids.get(name, 1) for name in names}
            )
            response = client.post(prefix + address, form)
            assert response.status_code == 401, (page.name, response.content[-2000:])
            assert 'name="step_up-password"' in response.content.decode(), page.name


@pytest.mark.parametrize("plane", hooks.PLANES)
def test_every_endpoint_of_a_demanding_command_refuses_a_stale_session(plane, api, owner, operator, acme):
    caller = api(owner) if plane == "tenant" else api(operator, None)
    demanding = [
        address
        for address in addresses(URLCONFS[plane])
        if address.startswith("/api/")
        and demands(getattr(getattr(resolve(address, URLCONFS[plane]).func, "cls", None), "command", None))
    ]

    with later():
        for address in demanding:
            response = caller.post(address.removeprefix("/api/v1/"), body(address, URLCONFS[plane]))
            refused(response, 401, "bus.fresh_authentication_needed")


def test_the_page_continues_with_the_form_as_it_was(client_for, owner, accountant, at_acme, page):
    client = client_for(owner)

    with later():
        step_up = client.post(page, FORM)
        values = [*step_up.context["values"], ("step_up-password", PASSWORD)]
        sent = {name: [text for known, text in values if known == name] for name, _ in values}
        old_session = client.cookies[f"bursar_session_{at_acme.id}"].value
        response = client.post(page, sent)

    assert step_up.status_code == 401
    assert "no-store" in step_up["Cache-Control"]
    assert PASSWORD not in step_up.content.decode()
    assert response.status_code == 302
    assert roles_of(accountant) == ["auditor", "controller"]
    record = Record.objects.get(command="identity.change_roles")
    assert (record.outcome, record.reason) == ("done", "because")
    assert client.cookies[f"bursar_session_{at_acme.id}"].value != old_session
    assert PASSWORD not in str(list(Record.objects.values()))


def test_a_confirmed_password_lasts_ten_minutes(client_for, owner, accountant, at_acme, page):
    client = client_for(owner)
    with later():
        client.post(page, FORM | {"step_up-password": PASSWORD})

    with later(20):
        assert client.post(page, FORM | {"idempotency_key": uuid4().hex}).status_code != 401
    with later(22):
        assert client.post(page, FORM | {"idempotency_key": uuid4().hex}).status_code == 401


def test_guesses_on_the_page_are_limited_and_change_nothing(client_for, owner, accountant, at_acme, page):
    client = client_for(owner)

    with later():
        guesses = [client.post(page, FORM | {"step_up-password": f"guess {n}"}) for n in range(6)]
        right = client.post(page, FORM | {"step_up-password": PASSWORD})

    assert [guess.status_code for guess in guesses] == [403] * 5 + [429]
    assert ("reason", "because") in guesses[-1].context["values"]
    assert right.status_code == 429
    assert roles_of(accountant) == ["accountant"]


def test_a_token_is_fresh_again_after_the_password(device, owner, accountant, acme):
    client, change = device(owner), f"identity/users/{accountant.pk}/roles/"
    roles = {"roles": ["auditor"], "reason": "because"}
    make_stale(acme)
    assert client.refresh().status_code == 200

    problem = refused(response := client.post(change, roles), 401, "bus.fresh_authentication_needed")
    path = problem["errors"][0]["context"]["reauthenticate"]
    wrong = client.post("identity/reauthenticate/", {"password": "wrong"})
    fresh = client.post("identity/reauthenticate/", {"password": PASSWORD})

    assert 'error="insufficient_user_authentication", max_age="600"' in response["WWW-Authenticate"]
    assert path == "/t/acme/api/v1/identity/reauthenticate/"
    refused(wrong, 403, "identity.password_wrong")
    assert fresh["Cache-Control"] == "no-store"
    assert client.post(change, roles).status_code == 401  # the old token stays as it was
    assert client.post(change, roles, token=fresh.json()["access_token"]).status_code == 200
    client.refresh()
    assert client.post(change, roles).status_code == 200


def make_stale(tenant) -> None:
    with activate(tenant):
        ApiSession.objects.update(authenticated_at=now() - dt.timedelta(minutes=11))


def test_guesses_over_the_api_are_limited(device, owner):
    client = device(owner)

    statuses = [
        client.post("identity/reauthenticate/", {"password": f"guess {n}"}).status_code for n in range(6)
    ]

    assert statuses == [403] * 5 + [429]


def test_a_console_session_becomes_fresh_over_the_api(api, owner, accountant, acme):
    caller = api(owner)
    with later():
        assert caller.post("identity/reauthenticate/", {"password": PASSWORD}).json()["access_token"] is None
        response = caller.post(f"identity/users/{accountant.pk}/roles/", {"roles": ["auditor"]})

    assert response.status_code == 200
