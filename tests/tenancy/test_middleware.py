"""Resolution of the tenant of a request, by host or path."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.identity.models import User
from apps.kernel.tenant import activate, current_tenant
from apps.tenancy import directory


@pytest.fixture
def client(db):
    return Client()


def test_the_host_selects_the_tenant(client, acme):
    response = client.get("/accounts/login/", headers={"host": "acme.localhost"})

    assert response.status_code == 200
    assert acme.name in response.content.decode()


def test_the_path_selects_the_tenant(client, acme):
    response = client.get("/t/acme/accounts/login/")

    assert response.status_code == 200
    assert acme.name in response.content.decode()


def test_without_a_tenant_the_operators_console_responds(client, acme):
    response = client.get("/accounts/login/")

    assert response.status_code == 200
    assert acme.name not in response.content.decode()


@pytest.mark.parametrize(
    ("path", "host"),
    [("/t/nowhere/", "localhost"), ("/", "nowhere.localhost"), ("/t/nowhere/api/v1/x/", "localhost")],
)
def test_an_unknown_tenant_is_not_found(client, path, host):
    response = client.get(path, headers={"host": host, "accept": "application/json"})

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "tenancy.tenant_unknown"


def test_a_browser_gets_a_page_for_an_unknown_tenant(client):
    response = client.get("/t/nowhere/", headers={"accept": "text/html"})

    assert response.status_code == 404
    assert "There is no tenant" in response.content.decode()


def test_no_path_below_t_shows_the_operators_console(client, acme, settings):
    for path in (
        "/t",
        "/t/",
        "/t//",
        "/t/1/",
        "/t/-x/",
        "/t/a b/",
        "/t/%c3%9F/",
        "/t/acme%0A/",
        f"/t/{'x' * 5000}/",
        "/T/",
    ):
        response = client.get(path, headers={"accept": "text/html"})
        assert (response.status_code, "login" in response.content.decode()) == (404, False), path
    for path in (
        "/t/NOWHERE/api/v1/periods/",
        "/t//api/v1/periods/",
        "/t/1/api/",
        "/t/acme%0A/api/v1/periods/",
    ):
        response = client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (
            404,
            "application/problem+json",
        ), path
    settings.TENANT_BY_PATH = False
    assert client.get("/t/acme/").status_code == 404


def test_a_host_with_a_trailing_dot_selects_the_tenant(client, acme):
    for host in ("acme.localhost.", "acme.localhost.:8000", "ACME.localhost."):
        response = client.get("/accounts/login/", headers={"host": host})
        assert response.status_code == 200, host
        assert acme.name in response.content.decode(), host
    operators = client.get("/t/acme/accounts/login/", headers={"host": "localhost.:8000"})
    assert acme.name in operators.content.decode()


def test_a_name_in_capitals_below_t_selects_the_tenant(client_for, owner, acme):
    client = client_for(owner)

    page = client.get("/t/ACME/ledger/account/?q=1", follow=True)
    listed = client.get("/t/AcMe/api/v1/ledger/accounts/")
    posted = Client().post("/T/Acme/api/v1/identity/tokens/", {"email": "x@x.example", "password": "x"})

    assert page.redirect_chain == [("/t/acme/ledger/account/?q=1", 308)]
    assert page.status_code == 200
    assert listed.status_code == 200
    assert posted.status_code in (400, 401, 415)


def test_an_unknown_host_is_refused(client):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_cached_look_up_needs_no_query(client, acme):
    directory.by_slug("acme")
    connection.ensure_connection()

    with CaptureQueriesContext(connection) as queries:
        client.get("/t/acme/accounts/login/")

    assert [query["sql"] for query in queries if "tenancy_" in query["sql"]] == []


def test_the_request_leaves_no_state_in_the_process(client, acme):
    client.get("/t/acme/accounts/login/")

    assert current_tenant() is None


def test_a_session_is_invalid_at_another_tenant(client_for, owner, globex):
    client = client_for(owner)
    assert client.get("/t/acme/").status_code == 200

    for name, morsel in list(client.cookies.items()):
        client.cookies[name.replace(name.rsplit("_", 1)[1], str(globex.id))] = morsel.value
    response = client.get("/t/globex/")

    assert response.status_code == 302
    assert "login" in response.headers["location"]


def test_consoles_on_one_origin_have_separate_sessions(client_for, owner, operator, acme):
    client = client_for(owner)
    response = client.post("/accounts/login/", {"login": operator.email, "password": "correct horse battery"})
    assert response.status_code == 302

    assert client.get("/").status_code == 200
    assert client.get("/t/acme/").status_code == 200


def test_the_session_cookie_is_restricted_to_the_path(client_for, owner, acme):
    cookie = client_for(owner).cookies[f"bursar_session_{acme.id}"]

    assert cookie["path"] == "/t/acme/"
    assert cookie["httponly"]
    assert cookie["domain"] == ""


def test_a_wrong_password_is_refused(client, acme):
    response = client.post("/t/acme/accounts/login/", {"login": "owner@acme.example", "password": "wrong"})

    assert response.status_code == 200
    assert "not correct" in response.content.decode()
    assert client.get("/t/acme/").status_code == 302


def test_a_password_is_invalid_at_another_tenant(client, acme, globex):
    response = client.post(
        "/t/globex/accounts/login/", {"login": "owner@acme.example", "password": "correct horse battery"}
    )

    assert response.status_code == 200
    assert client.get("/t/globex/").status_code == 302


def test_self_registration_is_refused(client, acme):
    response = client.post(
        "/t/acme/accounts/signup/", {"email": "me@acme.example", "password1": "correct horse battery"}
    )

    assert (response.status_code, response.headers["location"].split("?")[0]) == (302, "/t/acme/login/")
    with activate(acme):
        assert not User.objects.filter(email="me@acme.example").exists()


def test_every_response_has_a_correlation_id(client, acme):
    response = client.get("/t/acme/accounts/login/", headers={"x-correlation-id": "my-request-1"})
    made = client.get("/t/acme/accounts/login/")
    forged = client.get("/t/acme/accounts/login/", headers={"x-correlation-id": "bad\r\nid"})

    assert response.headers["x-correlation-id"] == "my-request-1"
    assert len(made.headers["x-correlation-id"]) == 32
    assert forged.headers["x-correlation-id"] not in ("bad\r\nid", made.headers["x-correlation-id"])
