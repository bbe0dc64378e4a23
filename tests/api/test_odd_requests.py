"""Requests with characters that no database and no encoder holds, and incomplete ones: refused at every entry point."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from django.test import Client, RequestFactory

from apps.bus.api.views import CommandEndpoint
from apps.identity.models import User
from apps.kernel.problems.odd_content_types import OddContentTypeRequest, OddRequestHandler
from apps.kernel.problems.odd_requests import CompleteBody
from apps.kernel.tenant import activate
from apps.ledger.models import Account
from tests.support.endpoints import PLANES, endpoints, endpoints_with

ODD_BODIES = {
    "a surrogate in a name": b'{"email": "a@x.example", "password": "xxxx", "\\ud83d": 1}',
    "a surrogate in a text": b'{"code": "\\ud83d", "name": "x"}',
    "NUL in a name": b'{"\\u0000": 1}',
    "NUL in a text": b'{"reason": "a\\u0000b", "memo": "\\u0000"}',
    "NaN": b'{"amount": NaN}',
    "an infinite number": b'{"value": 1e999}',
    "a name twice": b'{"code": "1000", "code": "2000"}',
    "many levels": b'{"a": ' + b"[" * 5000,
    "a number of a thousand digits": b'{"quantity": ' + b"9" * 1000 + b"}",
    "UTF-16": '{"code": "1000"}'.encode("utf-16"),
    "no UTF-8": b'{"code": "\xff"}',
    "the end missing": b'{"code": "1000"',
    "a list": b'[{"code": "1000"}]',
    "a text": b'"code"',
    "null": b"null",
    "a number": b"7",
}
ODD_IDS = ("9" * 40, str(2**63), "x", "ß" * 300, "%00")
ODD_QUERIES = ("%00", "a=%00", "a=%FF", "%ED%A0%80=1", "page_size=9%00", "cursor=%c3", "dry_run=%00")
ODD_HEADERS = {
    "Idempotency-Key": ("", '"', "a b", "x" * 300, "é"),
    "Authorization": ("", "Bearer", "Bearer ", "Bearer é", "Bearer x.y.z", "Basic Og==", "Bearer a b c"),
    "Accept": ("", ";", "text/html;q=x", "*/*;q=9", ",,,", "a" * 5000),
    "Cookie": ("", "=", ";;;", "sessionid=é", "sessionid=" + "x" * 3000, "csrftoken=\x7f"),
    "If-Match": ("", "*", '"', "W/", "é"),
    "X-Correlation-ID": ("", "é", "x" * 300, "a\x00b"),
    "X-Forwarded-For": ("", "é", "1.2.3", ",", "::1, x"),
    "X-Read-After": ("", "x", "9" * 40, "é", "home:0/0,", "0/ZZ"),
    "traceparent": ("", "00", "é", "00-" + "g" * 32),
    "User-Agent": ("", "é", "x" * 3000, "a\x1bb"),
    "Referer": ("", "://", "http://[", "javascript:x"),
    "Origin": ("", "null", "http://[", "é"),
    "Host": ("", "[", "a b", "x" * 300, "testserver:99999", "é"),
}
ODD_CONTENT_TYPES = (
    *("", ";", "x", "application/xml", "text/plain; x=" + "y" * 5000),
    *("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é"),
)
UNREADABLE_CONTENT_TYPES = (
    *("application/json; charset=utf-16", "application/json; charset=base64", "text/plain; charset=idna"),
    *("text/plain; x*=foo'en'%ff", "multipart/form-data; boundary*=idna''xn--%ff"),
    *(
        "text/plain; charset*=unicode_escape''%5cud800",
        "application/x-www-form-urlencoded; charset=unicode_escape",
    ),
    "application/x-www-form-urlencoded; charset=rot13",
)


@pytest.fixture
def caller(api, owner):
    made = api(owner)
    made.client.raise_request_exception = False
    return made


def test_every_odd_body_of_a_sign_in_is_refused_with_400(acme):
    for name, body in ODD_BODIES.items():
        response = Client().post("/t/acme/api/v1/identity/tokens/", body, content_type="application/json")

        assert response.status_code == 400, (name, response.content)
        assert response["Content-Type"] == "application/problem+json", name


def test_an_unknown_field_named_by_a_surrogate_changes_nothing(caller, acme):
    body = b'{"code": "1000", "name": "Cash", "type": "asset", "\\ud83d": 1}'

    response = caller.client.post("/t/acme/api/v1/ledger/accounts/", body, content_type="application/json")

    assert response.status_code == 400
    assert "surrogate" in response.json()["detail"]
    with activate(acme):
        assert not Account.objects.exists()


@pytest.mark.exhaustive("every endpoint × odd body", inside=True)
def test_no_command_fails_for_an_odd_body(sample, api, owner, operator):
    callers = {"tenant": api(owner).client, "operator": api(operator, None).client}
    points = [
        (plane, address, name)
        for plane in PLANES
        for address, view in endpoints(plane)
        if view and issubclass(view, CommandEndpoint)
        for name in ODD_BODIES
    ]

    for plane, address, name in sample.of(points, 25):
        callers[plane].raise_request_exception = False
        response = callers[plane].post(
            f"{'/t/acme' if plane == 'tenant' else ''}{address}",
            ODD_BODIES[name],
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )
        assert response.status_code in (400, 404, 405, 415), (address, name, response.content)


@pytest.mark.exhaustive("every address with an id × odd id", inside=True)
def test_no_endpoint_fails_for_an_odd_id(sample, api, owner, operator):
    callers = {"tenant": api(owner).client, "operator": api(operator, None).client}
    points = [
        (plane, f"{'/t/acme' if plane == 'tenant' else ''}{endpoint[0]}", method)
        for plane in PLANES
        for value in ODD_IDS
        for endpoint in sorted(
            {*endpoints_with(plane, quote(value, safe="%"))} - {*endpoints(plane)}, key=str
        )
        for method in ("get", "post")
    ]

    for plane, address, method in sample.of(points, 25):
        callers[plane].raise_request_exception = False
        response = getattr(callers[plane], method)(address, headers={"Idempotency-Key": "k"})
        assert response.status_code < 500, (method, address, response.content)


def test_odd_characters_in_path_and_query_are_refused_before_the_tenant_is_resolved(acme):
    for path in (
        "/t/acme/api/v1/periods/%00/",
        "/api/v1/x%ED%A0%80/",
        "/api/v1/%FF",
        "/t/%00/api/v1/periods/",
    ):
        response = Client().get(path)
        assert (response.status_code, response.json()["code"]) == (400, "request.malformed"), path
    for query in ODD_QUERIES:
        response = Client().get(f"/t/acme/api/v1/periods/?{query}")
        assert (response.status_code, response.json()["code"]) == (400, "request.malformed"), query
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Correlation-ID"]


def test_a_browser_receives_the_page_of_the_refusal(acme):
    response = Client().get("/t/acme/%00", headers={"Accept": "text/html"})

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")
    assert "its path has the character NUL" in response.content.decode()


@pytest.mark.exhaustive("every header × odd value", inside=True)
def test_no_header_causes_a_server_error(caller, sample):
    points = [
        (name, value, path)
        for name, values in ODD_HEADERS.items()
        for value in values
        for path in ("/t/acme/api/v1/periods/", "/t/acme/", "/healthz")
    ]
    for name, value, path in sample.of(points, 20):
        response = caller.client.get(path, **{f"HTTP_{name.upper().replace('-', '_')}": value})
        assert response.status_code < 500, (name, value, path)


def test_a_header_with_a_control_character_is_refused(caller):
    response = caller.client.get("/t/acme/api/v1/periods/", headers={"X-Anything": "a\x00b"})

    assert (response.status_code, response.json()["code"]) == (400, "request.malformed")


def test_no_content_type_causes_a_server_error(acme):
    """Through the request class of the web process: that of Django's client cannot read all of them."""
    handler = OddRequestHandler()
    for content_type in (*ODD_CONTENT_TYPES, *UNREADABLE_CONTENT_TYPES):
        for path in ("/t/acme/api/v1/identity/tokens/", "/t/acme/accounts/login/"):
            made = RequestFactory().generic("POST", f"{path}?x=%c3%A9{'&y' * 1001}", b"a=%5cud800")
            request = OddContentTypeRequest({**made.environ, "CONTENT_TYPE": content_type})

            status = handler.get_response(request).status_code

            assert status < 500, (content_type, path)
            assert status == 400 or content_type not in UNREADABLE_CONTENT_TYPES, (content_type, path)


ODD_FORMS = (
    ("application/x-www-form-urlencoded", b"login=a%00b&password=x"),
    ("application/x-www-form-urlencoded", b"login=a&pass%00word=x"),
    ("application/x-www-form-urlencoded", b"login=%ED%A0%80"),
    ("application/x-www-form-urlencoded", b"login=\xff"),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\na\0b\r\n--b--\r\n',
    ),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\n\xff\r\n--b--\r\n',
    ),
)


def test_a_form_with_odd_characters_is_refused(acme):
    for content_type, body in ODD_FORMS:
        for path in ("/t/acme/accounts/login/", "/accounts/login/", "/t/acme/accounts/password/reset/"):
            response = Client().post(path, body, content_type=content_type)

            assert response.status_code == 400, (path, body)
            assert "request.malformed" in response.content.decode(), (path, body)


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def test_a_body_shorter_than_its_length_is_refused(client_for, owner, acme):
    """The form would be complete without its end, as `quantity=1200` is a form if it ends as `quantity=12`."""
    client = client_for(owner)
    for path, body, content_type in (
        ("/t/acme/accounts/login/", b"login=a%40x.example&password=12", FORM),
        ("/t/acme/api/v1/ledger/accounts/", b'{"code": "1000", "name": "Cash", "type": "asset"}', JSON),
        ("/t/acme/api/v1/identity/tokens/", b'{"email": "a@x.example", "password": "12"}', JSON),
    ):
        short = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body) + 2)}
        response = client.generic("POST", path, body, content_type=content_type, **short)

        assert response.status_code == 400, path
        assert "request.body_incomplete" in response.content.decode(), path
    with activate(acme):
        assert not Account.objects.exists()
        assert User.objects.filter(pk=owner.pk).exists()


def test_a_body_without_a_length_is_refused(acme):
    response = Client().generic(
        "POST", "/t/acme/api/v1/identity/tokens/", b"", HTTP_TRANSFER_ENCODING="chunked"
    )

    assert (response.status_code, response.json()["code"]) == (411, "request.body_length_missing")


def test_a_complete_body_is_read_whole_in_any_pieces():
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(3)

    assert CompleteBody(Trickle(b"0123456789"), 10).read(99) == b"0123456789"
    assert CompleteBody(io.BytesIO(b"0123456789"), 10).read() == b"0123456789"
    lines = CompleteBody(io.BytesIO(b"a\nb\n"), 4)
    assert [lines.readline(), lines.readline(), lines.readline()] == [b"a\n", b"b\n", b""]
