"""A change of the e-mail address: requested with the password, confirmed by a link, visible to administrators."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client

from apps.audit.models import Record
from apps.identity.models import User
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from tests.support.database import PASSWORD
from tests.support.impersonation import enter
from tests.support.settling import settle

PAGE = "/t/acme/address_change/"
NEW = "Ada@elsewhere.example"


def request_change(client: Client, email: str = NEW, password: str = PASSWORD):
    return client.post(PAGE, {"current_password": password, "new_email": email})


def links_to(address: str, mailoutbox) -> list[str]:
    bodies = [mail.body for mail in mailoutbox if mail.to == [address.lower()]]
    return [
        re.sub(r"^https?://[^/]+", "", link) for body in bodies for link in re.findall(r"https?://\S+", body)
    ]


def address_of(user: User, acme) -> str:
    with activate(acme):
        return User.objects.get(pk=user.pk).email


@pytest.fixture
def link(client_for, accountant, acme, mailoutbox) -> str:
    assert request_change(client_for(accountant)).status_code == 302
    settle()
    (link,) = links_to(NEW, mailoutbox)
    return link


def test_the_address_changes_when_the_link_is_confirmed(link, accountant, acme, mailoutbox):
    visitor = Client()
    assert visitor.get(link).status_code == 200
    assert address_of(accountant, acme) == "accountant@acme.example", "opening the link changes nothing"

    assert visitor.post(link).status_code == 200

    assert address_of(accountant, acme) == NEW.lower()
    signed_in = visitor.post("/t/acme/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert signed_in.status_code == 302
    former = Client().post("/t/acme/accounts/login/", {"login": accountant.email, "password": PASSWORD})
    assert former.status_code == 200
    settle()
    assert [mail.to for mail in mailoutbox][-2:] == [[accountant.email]] * 2, "requested, and changed"


def test_the_request_and_the_change_are_in_the_audit_log(link, accountant, acme):
    Client().post(link)

    with activate(acme):
        records = Record.objects.filter(command__endswith="address_change").order_by("id")
        assert [(record.command, record.outcome, record.actor_id) for record in records] == [
            ("identity.request_address_change", "done", accountant.pk),
            ("identity.confirm_address_change", "done", accountant.pk),
        ]


def test_an_administrator_sees_the_requested_address(link, client_for, accountant, owner, api):
    page = client_for(owner).get(f"/t/acme/identity/user/{accountant.pk}/change/").content.decode()
    (row,) = [
        user for user in api(owner).get("identity/users/").json()["results"] if user["id"] == accountant.pk
    ]

    assert NEW.lower() in page
    assert row["new_email"] == NEW.lower()


def test_a_link_is_valid_once(link, acme):
    assert [Client().post(link).status_code for _ in range(2)] == [200, 410]


def test_a_link_expires_after_a_day(link, accountant, acme):
    with moved_to(now() + dt.timedelta(days=1, minutes=1)):
        assert Client().post(link).status_code == 410
    assert address_of(accountant, acme) == accountant.email


def test_a_new_password_stops_the_change(link, client_for, accountant, acme):
    new = "purple monkey dishwasher"
    form = {"current_password": PASSWORD, "new_password": new, "repeated_password": new}
    client_for(accountant).post("/t/acme/password_change/", form)

    assert Client().post(link).status_code == 410
    with activate(acme):
        assert User.objects.get(pk=accountant.pk).new_email == ""


def test_a_second_request_replaces_the_first(link, client_for, accountant, acme, mailoutbox):
    request_change(client_for(accountant), "second@elsewhere.example")

    assert Client().post(link).status_code == 410


def test_a_link_of_one_tenant_is_invalid_at_another(link, acme, globex):
    assert Client().post(link.replace("/t/acme/", "/t/globex/")).status_code == 410


def test_an_address_taken_meanwhile_is_refused(link, accountant, owner, acme):
    with activate(acme):
        User.objects.filter(pk=owner.pk).update(email=NEW.lower())

    assert Client().post(link).status_code == 409
    assert address_of(accountant, acme) == accountant.email


@pytest.mark.parametrize(
    ("email", "password", "status"),
    [(NEW, "wrong", 403), ("owner@acme.example", PASSWORD, 409), ("nonsense", PASSWORD, 200)],
)
def test_a_request_is_refused(client_for, accountant, acme, mailoutbox, email, password, status):
    response = request_change(client_for(accountant), email, password)
    settle()

    assert response.status_code == status
    assert mailoutbox == []
    with activate(acme):
        assert User.objects.get(pk=accountant.pk).new_email == ""


def test_guesses_of_the_password_are_limited_together_with_those_of_sign_in(client_for, accountant, acme):
    client = client_for(accountant)

    statuses = [request_change(client, password=f"guess {number}").status_code for number in range(6)]

    assert statuses == [403] * 5 + [429]


def test_a_support_session_cannot_request_a_change(operator, controller, acme):
    client = enter(operator, acme, controller)

    assert client.get(PAGE).status_code == 403
    assert request_change(client).status_code == 403
