"""Error pages have links back, to the dashboard, and to sign in."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.test import Client, RequestFactory

from apps.kernel.problems.responses import csrf_failure, server_error
from apps.kernel.problems.ways_out import ways_out


class Unreachable:
    """The session of a request while Redis is unavailable."""

    def __contains__(self, key):
        raise ConnectionError


SIGNED_IN = {SESSION_KEY: "7"}
VISITOR: dict[str, str] = {}


def request_with(method="get", session=None, **headers):
    request = getattr(RequestFactory(), method)("/orders/7/", HTTP_HOST="localhost", **headers)
    request.session = Unreachable() if session is None else session
    return request


def titles(request, status):
    return {str(title): address for address, title in ways_out(request, status)}


def test_a_refused_filter_has_a_link_to_the_list(client_for, auditor):
    page = client_for(auditor).get("/t/acme/identity/user/?password=x").content.decode()

    assert '<a href="/t/acme/identity/user/">Without filters</a>' in page
    assert '<a href="/t/acme/">To the dashboard</a>' in page
    assert "Sign in" not in page


def test_an_unknown_address_has_a_link_to_the_dashboard(client_for, auditor):
    response = client_for(auditor).get("/t/acme/no/such/page")

    assert response.status_code == 404
    assert '<a href="/t/acme/">To the dashboard</a>' in response.content.decode()


def test_a_visitor_without_a_session_returns_to_the_page_after_signing_in():
    page = "/accounts/login/?next=%2Forders%2F7%2F"

    assert titles(request_with(session=VISITOR), 404) == {"To the dashboard": "/", "Sign in": page}
    assert titles(request_with("post", VISITOR), 403)["Sign in"] == "/accounts/login/"


def test_a_page_without_permission_has_a_link_to_the_dashboard(client_for, user_without_role):
    response = client_for(user_without_role).get("/t/acme/audit/record/")

    assert response.status_code == 403
    assert '<a href="/t/acme/">To the dashboard</a>' in response.content.decode()


def test_an_unknown_tenant_can_be_tried_again_and_has_no_link_to_a_console(db):
    page = Client().get("/t/unknown/", headers={"Accept": "text/html"}).content.decode()

    assert "To the dashboard" not in page
    assert '<a href="/t/unknown/">Try again</a>' in page


def test_a_request_of_the_wrong_kind_has_a_page_with_a_code(client_for, auditor):
    response = client_for(auditor).get("/t/acme/logout/", headers={"Accept": "text/html"})

    assert response.status_code == 405
    assert "POST" in response["Allow"]
    assert response["Content-Length"] == str(len(response.content))
    assert "<code>request.method_not_allowed</code>" in response.content.decode()
    assert '<a href="/t/acme/">To the dashboard</a>' in response.content.decode()


def test_a_form_larger_than_the_server_reads_is_refused_with_413(client_for, auditor, settings):
    client = client_for(auditor)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    response = client.post("/t/acme/trace/", {"id": "x" * 60})

    assert response.status_code == 413
    assert "<code>request.form_too_large</code>" in response.content.decode()


def test_the_documentation_of_the_api_leads_a_browser_to_sign_in_and_back(client_for, auditor, acme):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for address in ("/t/acme/api/docs/", "/t/acme/api/schema/"):
        response = Client().get(address, headers=browser)
        assert (response.status_code, response["Location"]) == (
            302,
            f"/t/acme/accounts/login/?next={address}",
        )
        assert Client().get(address).status_code == 401
    assert Client().get("/api/docs/", headers=browser)["Location"] == "/accounts/login/?next=/api/docs/"
    assert client_for(auditor).get("/t/acme/api/docs/", headers=browser).status_code == 200


def test_a_failure_and_a_conflict_can_be_tried_again_without_a_query():
    assert titles(request_with(), 500) == {"Try again": "/orders/7/", "To the dashboard": "/"}
    assert "Try again" in server_error(request_with(HTTP_ACCEPT="text/html")).content.decode()
    assert titles(request_with(session=SIGNED_IN), 409) == {
        "Try again": "/orders/7/",
        "To the dashboard": "/",
    }


def test_a_refused_form_has_a_link_to_its_page_on_this_site_alone():
    own, foreign = "http://localhost/orders/7/edit/?tab=2", "http://elsewhere.example/orders/"

    assert titles(request_with("post", SIGNED_IN, HTTP_REFERER=own), 409)["Back"] == "/orders/7/edit/?tab=2"
    assert "Back" not in titles(request_with("post", SIGNED_IN, HTTP_REFERER=foreign), 409)
    refused = csrf_failure(request_with("post", SIGNED_IN, HTTP_REFERER=own, HTTP_ACCEPT="text/html"))
    assert '<a href="/orders/7/edit/?tab=2">Back</a>' in refused.content.decode()
