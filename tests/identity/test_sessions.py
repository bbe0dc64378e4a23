"""Users end their sessions, administrators those of any user. An ended session is refused at its next request."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from apps.audit.models import Record
from apps.identity.models import ApiSession
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from tests.support.database import PASSWORD

PAGE = "/t/acme/own_sessions/"
NEW = "purple monkey dishwasher"


def is_signed_in(client: Client) -> bool:
    return client.get("/t/acme/api/v1/identity/me/").status_code == 200


def open_sessions(tenant) -> list[int]:
    with activate(tenant):
        return [*ApiSession.objects.open().order_by("id").values_list("id", flat=True)]


def records(tenant, command: str) -> int:
    with activate(tenant):
        return Record.objects.filter(command=f"identity.{command}", outcome="done").count()


@pytest.fixture
def browsers(client_for, accountant) -> tuple[Client, Client]:
    """Sessions 1 and 2 of the accountant."""
    return client_for(accountant), client_for(accountant)


def test_the_page_lists_sessions_of_console_and_api(browsers, device, accountant, acme):
    device(accountant)

    page = browsers[0].get(PAGE).content.decode()

    assert page.count('name="end"') == 2, "all but this session"
    assert page.count("127.0.0.1") == 3
    assert "this session" in page


def test_a_session_ended_on_the_page_is_refused_at_its_next_request(browsers, device, accountant, acme):
    here, other = browsers
    program = device(accountant)

    for session_id in (2, 3):
        assert here.post(PAGE, {"end": session_id}).status_code == 302

    assert other.get("/t/acme/").status_code == 302
    assert not is_signed_in(other)
    assert program.get().status_code == 401
    assert is_signed_in(here)
    assert records(acme, "end_session") == 2


def test_all_other_sessions_end_at_once_with_one_record(browsers, device, accountant, acme):
    here, other = browsers
    program = device(accountant)

    here.post(PAGE, {"end_all": ""})

    assert (is_signed_in(here), is_signed_in(other), program.get().status_code) == (True, False, 401)
    assert records(acme, "end_sessions") == 1
    assert records(acme, "end_session") == 0


def test_a_session_of_another_user_or_tenant_is_unknown(
    browsers, client_for, auditor, globex_accountant, globex
):
    assert client_for(auditor).post(PAGE, {"end": 1}).status_code == 404
    foreign = client_for(globex_accountant, globex)

    page = foreign.get("/t/globex/own_sessions/").content.decode()
    foreign.post("/t/globex/own_sessions/", {"end_all": ""})

    assert page.count("127.0.0.1") == 1
    assert foreign.post("/t/globex/own_sessions/", {"end": 2}).status_code == 404
    assert all(is_signed_in(browser) for browser in browsers)


def test_an_administrator_ends_the_sessions_of_a_user(browsers, client_for, owner, accountant, acme):
    administrator, page = client_for(owner), f"/t/acme/identity/users/{accountant.pk}/sessions/"

    assert administrator.get(page).content.decode().count('name="end"') == 2
    administrator.post(page, {"end_all": ""})

    assert not any(is_signed_in(browser) for browser in browsers)
    assert is_signed_in(administrator)
    assert browsers[0].get(page).status_code != 200


def test_a_changed_password_ends_all_sessions_but_the_present_one(browsers, acme):
    here, other = browsers
    form = {"current_password": PASSWORD, "new_password": NEW, "repeated_password": NEW}

    assert here.post("/t/acme/password_change/", form).status_code == 302

    assert (is_signed_in(here), is_signed_in(other)) == (True, False)
    assert open_sessions(acme) == [1]
    assert records(acme, "change_password") == 1
    assert records(acme, "end_session") == 0


def test_the_last_use_is_recorded_once_in_a_while_and_an_idle_session_is_not_listed(browsers, acme):
    at = now()
    with moved_to(at + dt.timedelta(hours=5)):
        assert is_signed_in(browsers[0])

    with activate(acme):
        used = ApiSession.objects.get(pk=1).last_used_at
    assert used == at + dt.timedelta(hours=5)
    with moved_to(at + dt.timedelta(hours=9)):
        assert open_sessions(acme) == [1]


class TestApi:
    def test_a_program_lists_and_ends_the_sessions_of_its_user(self, browsers, device, accountant, acme):
        here = device(accountant)

        listed = here.get("identity/sessions/").json()["results"]
        assert [(row["kind"], row["address"]) for row in listed] == [
            ("api", "127.0.0.1"),
            ("console", "127.0.0.1"),
            ("console", "127.0.0.1"),
        ]
        assert here.post("identity/sessions/1/end/").status_code == 204
        assert here.post("identity/sessions/end-others/").status_code == 204

        assert not any(is_signed_in(browser) for browser in browsers)
        assert here.get().status_code == 200

    def test_an_administrator_lists_and_ends_the_sessions_of_a_user(
        self, browsers, device, owner, accountant, auditor, acme
    ):
        administrator, path = device(owner), f"identity/users/{accountant.pk}/sessions/"

        assert len(administrator.get(path).json()["results"]) == 2
        assert device(auditor).get(path).status_code == 403
        assert administrator.post(f"{path}end/").status_code == 204

        assert not any(is_signed_in(browser) for browser in browsers)


class TestSecurityActivity:
    def test_users_see_their_own_and_administrators_that_of_any_user(
        self, client_for, owner, accountant, acme
    ):
        user, administrator = client_for(accountant), client_for(owner)
        page = f"/t/acme/identity/users/{accountant.pk}/security-activity/"

        own = user.get("/t/acme/own_security_activity/").content.decode()

        assert f"{accountant} signed in to the console" in own
        assert f"{owner} signed in to the console" not in own
        assert f"{accountant} signed in to the console" in administrator.get(page).content.decode()
        assert user.get(page).status_code == 403

    def test_a_session_ended_by_an_administrator_is_in_the_activity_of_its_user(
        self, browsers, device, owner, accountant, acme
    ):
        administrator = device(owner)
        administrator.post(f"identity/users/{accountant.pk}/sessions/end/", {"reason": "Lost laptop."})

        path = f"identity/users/{accountant.pk}/security-activity/"
        newest = administrator.get(path).json()["results"][0]
        assert (newest["command"], newest["reason"]) == ("identity.end_sessions", "Lost laptop.")
        own = device(accountant).get("identity/security-activity/").json()["results"]
        assert [row["command"] for row in own[:2]] == ["identity.begin_session", "identity.end_sessions"]
