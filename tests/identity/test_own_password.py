"""One's own password: changed by a command, with the current one, on a page with limited guesses."""

from __future__ import annotations

from collections import Counter

import pytest
from django.test import Client

from apps.audit.models import Record
from apps.identity.models import User
from apps.kernel.tenant import activate
from tests.support.database import PASSWORD
from tests.support.impersonation import enter
from tests.support.threads import together

NEW = "purple monkey dishwasher"
PAGE = "/t/acme/password_change/"


def form(current: str, new: str = NEW, repeated: str = "") -> dict[str, str]:
    return {"current_password": current, "new_password": new, "repeated_password": repeated or new}


def has_password(user: User, password: str) -> bool:
    with activate(user_tenant(user)):
        return User.objects.get(pk=user.pk).check_password(password)


def user_tenant(user: User):
    from apps.tenancy import directory

    return directory.by_slug("acme")


def test_a_user_changes_the_password_by_a_command_and_stays_signed_in(client_for, owner, acme):
    client = client_for(owner)

    response = client.post(PAGE, form(PASSWORD), follow=True)

    assert "Your password is changed." in response.content.decode()
    assert has_password(owner, NEW)
    assert client.get("/t/acme/").status_code == 200
    with activate(acme):
        record = Record.objects.get(command="identity.change_password")
        assert (record.actor_id, record.outcome) == (owner.pk, "done")
        assert NEW not in str(record.__dict__)
        assert PASSWORD not in str(record.__dict__)


def test_a_wrong_current_password_changes_nothing(client_for, owner, acme):
    response = client_for(owner).post(PAGE, form("wrong"))

    assert response.status_code == 403
    assert has_password(owner, PASSWORD)


def test_different_repetitions_change_nothing(client_for, owner, acme):
    response = client_for(owner).post(PAGE, form(PASSWORD, repeated="another one entirely"))

    assert "The two passwords differ." in response.content.decode()
    assert has_password(owner, PASSWORD)


def test_a_weak_password_is_refused(client_for, owner, acme):
    response = client_for(owner).post(PAGE, form(PASSWORD, "aaaaaaaaaaaa"))

    assert response.status_code == 422
    assert has_password(owner, PASSWORD)


def test_guesses_of_the_current_password_are_limited(client_for, owner, acme):
    client = client_for(owner)

    statuses = [client.post(PAGE, form(f"guess {number}")).status_code for number in range(7)]

    assert statuses == [403] * 5 + [429] * 2
    assert client.post(PAGE, form(PASSWORD)).status_code == 429


@pytest.mark.slow("24 threads with a connection each")
def test_of_24_parallel_guesses_exactly_five_are_judged(client_for, owner, acme):
    cookies = client_for(owner).cookies

    def guess() -> int:
        client = Client()
        client.cookies = cookies
        return client.post(PAGE, form("guess")).status_code

    assert Counter(together(24, guess, None)) == {403: 5, 429: 19}


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_djangos_sign_in_form_judges_no_password_of_a_signed_in_user(client_for, accountant, owner, password):
    client = client_for(accountant)

    response = client.post("/t/acme/login/", {"username": owner.email, "password": password})

    assert (response.status_code, response.headers["location"]) == (302, "/t/acme/")
    assert client.get("/t/acme/api/v1/identity/me/").json()["email"] == accountant.email


def test_a_support_session_cannot_open_the_page(operator, controller, acme):
    client = enter(operator, acme, controller)

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, form(PASSWORD)).status_code == 403
    assert has_password(controller, PASSWORD)


def test_a_form_sent_again_with_another_password_changes_it_again_or_is_refused(client_for, owner, acme):
    """Passwords are in no fingerprint of a request, so the second one would count as a repetition of the first."""
    client = client_for(owner)
    client.post(PAGE, form(PASSWORD) | {"idempotency_key": "one-key"})

    wrong = client.post(PAGE, form(PASSWORD, "blue monkey dishwasher") | {"idempotency_key": "one-key"})
    right = client.post(PAGE, form(NEW, "blue monkey dishwasher") | {"idempotency_key": "one-key"})

    assert (wrong.status_code, right.status_code) == (422, 302) or (wrong.status_code, right.status_code) == (
        403,
        302,
    )
    assert has_password(owner, "blue monkey dishwasher")


def test_a_malformed_key_of_a_form_is_replaced(client_for, owner, acme):
    for key in ("\0", "x" * 300, "é"):
        response = client_for(owner).post("/t/acme/companies/company/found/", {"idempotency_key": key})
        assert response.status_code < 500
