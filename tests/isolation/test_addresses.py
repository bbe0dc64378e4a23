"""Every address × another tenant's cookie, token, host, path and ids."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from tests.support.attack_surface import OPERATORS, TENANTS, addresses, body, filled_form, text_of
from tests.support.devices import token
from tests.support.endpoints import OF_PROGRAMS
from tests.support.impersonation import enter
from tests.support.tiers import Sample
from tests.support.two_at_work import FIRST, SECRET, everything_of

METHODS = ("get", "post", "put", "patch", "delete")
PUBLIC_ADDRESSES = (
    "/accounts/",
    "/healthz",
    "/api/schema/",
    "/api/docs/",
    "/login/",
    "/logout/",
    "/jsi18n/",
    "/support/enter/",
)
"""Addresses that respond without authentication; they contain no data of a tenant."""
LOGOUT_ADDRESSES = ("/logout/",)
NO_COMMANDS = (
    "/api/v1/identity/tokens/",
    "/api/v1/identity/reauthenticate/",
    "/api/v1/webhooks/in/",
    "/password_change/",
    "/address_change/",
)
"""Addresses with a password, a token or a signature as body."""
ENDS_THIS_SESSION = (
    f"/api/v1/identity/users/{FIRST}/sessions/end/",
    f"/api/v1/identity/sessions/{FIRST}/end/",
    f"/identity/sessions/{FIRST}/end/",
)


Forms = dict[str, dict[str, list[str]]]
_read: Forms = {}
"""Read once per process, since every test begins with the same rows."""


@pytest.fixture(autouse=True)
def forms(at_work, client_for, globex, operator) -> Forms:
    """Each form of both consoles, filled in by globex's owner and by an operator."""
    if not _read:
        _read.update(_forms(client_for(owner_of(globex), globex), f"/t/{globex.slug}", TENANTS))
        _read.update(_forms(client_for(operator, None), "", OPERATORS))
    return _read


def _forms(client: Client, prefix: str, urlconf: str) -> Forms:
    consoles = [
        address
        for address in addresses(urlconf)
        if not address.startswith(OF_PROGRAMS) and "/accounts/" not in address
    ]
    read = {
        (urlconf + console): filled_form(client, prefix + console)
        for console in consoles
        if console not in LOGOUT_ADDRESSES
    }
    return {address: form for address, form in read.items() if form}


def owner_of(tenant: TenantInfo) -> User:
    with activate(tenant):
        owner = User.objects.get(email=f"owner@{tenant.slug}.example")
        owner.get_all_permissions()
        return owner


def send(client: Client, method: str, prefix: str, address: str, urlconf: str = TENANTS, **extra: object):
    """Send the command's fields as JSON to the API, or the filled form to a console."""
    if method == "get":
        return client.get(prefix + address, **extra)
    if not address.startswith(OF_PROGRAMS):
        return client.post(
            prefix + address, _read.get(urlconf + address, {"reason": "For a reason."}), **extra
        )
    extra["headers"] = {**extra.get("headers", {}), "Idempotency-Key": uuid4().hex}
    payload = json.dumps(body(address, urlconf))
    return getattr(client, method)(prefix + address, payload, content_type="application/json", **extra)


def is_open(address: str) -> bool:
    return any(word in address for word in PUBLIC_ADDRESSES)


def methods(address: str) -> tuple[str, ...]:
    return METHODS if address.startswith(OF_PROGRAMS) else METHODS[:2]


EVERY_ADDRESS = pytest.mark.exhaustive("sends every method to every address", inside=True)


def points(sample: Sample, urlconf: str = TENANTS) -> list[tuple[str, str]]:
    """Methods and addresses: in the sample, one method for each address."""
    every = [(method, address) for address in addresses(urlconf) for method in methods(address)]
    return sample.of(every, 1, by=lambda point: point[1])


def attack(sample: Sample, client: Client, prefix: str, urlconf: str = TENANTS, **extra: object) -> list[str]:
    """Responses that reveal data, succeed or fail with an internal error."""
    wrong = []
    for method, address in points(sample, urlconf):
        if any(word in address for word in LOGOUT_ADDRESSES):
            continue
        response = send(client, method, prefix, address, urlconf, **dict(extra))
        text = text_of(response)
        if SECRET in text or "globex.example" in text:
            wrong.append(f"{method} {address} shows data of globex ({response.status_code})")
        elif response.status_code < 300 and not is_open(address):
            wrong.append(f"{method} {address} answers {response.status_code}")
        elif response.status_code >= 500 and response.status_code != 503:
            wrong.append(f"{method} {address} breaks ({response.status_code})")
    return wrong


@pytest.mark.exhaustive("a control that opens every address")
def test_the_secrets_are_visible_to_their_owner(at_work, client_for, globex):
    """Control: the secrets are visible at these addresses, so the tests below could find them."""
    client = client_for(owner_of(globex), globex)

    shown = [
        address for address in addresses(TENANTS) if SECRET in text_of(client.get(f"/t/globex{address}"))
    ]

    assert len(shown) >= 20, shown


def without_options(form):
    choices = {name: getattr(field, "choices", None) for name, field in form.fields.items()}
    return {
        name
        for name, options in choices.items()
        if options is not None and not any(key for key, _ in options)
    }


@pytest.mark.exhaustive("a control that posts to every address")
def test_the_bodies_are_valid_for_their_owner(client_for, globex):
    """Control: the bodies used below are valid, and many of them succeed for their owner."""
    client = client_for(owner_of(globex), globex)
    before = everything_of(globex)
    misread, done = [], []
    for address in addresses(TENANTS):
        if is_open(address) or address.startswith(NO_COMMANDS) or address in ENDS_THIS_SESSION:
            continue
        response = send(client, "post", "/t/globex", address)
        form = (response.context or {}).get("form")
        if form is not None and form.errors and {*form.errors} <= without_options(form):
            continue  # such as a payment for a credit, where none is outstanding
        if response.status_code == 400 or (form is not None and form.errors):
            misread.append(f"{address}: {form.errors if form else text_of(response)}")
        elif response.status_code in (201, 202, 204, 302):
            done.append(address)
    after = everything_of(globex)

    assert misread == []
    assert len(done) >= 40, done
    assert len([name for name in before if before[name] != after[name]]) >= 25


@EVERY_ADDRESS
def test_another_tenants_session_opens_no_address(sample, untouched, client_for, owner):
    assert attack(sample, client_for(owner), "/t/globex") == []


@EVERY_ADDRESS
def test_a_renamed_session_cookie_opens_no_address(sample, untouched, client_for, owner, acme, globex):
    """The browser chooses the cookie's name, so authentication must not depend on it."""
    client = client_for(owner)
    name = settings.SESSION_COOKIE_NAME
    client.cookies[f"{name}_{globex.id}"] = client.cookies[f"{name}_{acme.id}"].value
    client.cookies[name] = client.cookies[f"{name}_{acme.id}"].value

    assert attack(sample, client, "/t/globex") == []
    assert client.get("/t/globex/").status_code == 302
    assert client.get("/").status_code == 302


@EVERY_ADDRESS
def test_another_tenants_token_opens_no_address(sample, untouched, owner):
    client = Client()
    headers = token(client, owner.email, "/t/acme")
    client = Client()

    assert client.get("/t/acme/api/v1/ledger/accounts/", headers=headers).status_code == 200
    assert attack(sample, client, "/t/globex", headers=headers) == []


@EVERY_ADDRESS
def test_a_tenants_token_and_session_open_no_operator_address(sample, untouched, client_for, owner):
    client = client_for(owner)
    headers = token(Client(), owner.email, "/t/acme")

    assert attack(sample, client, "", OPERATORS, headers=headers) == []


@EVERY_ADDRESS
@pytest.mark.parametrize("cookie", ["its own", "the tenant's"])
def test_an_operators_session_opens_no_tenant_address(
    sample, untouched, client_for, operator, globex, cookie
):
    """An operator has no access to a tenant except by a support session."""
    client = client_for(operator, None)
    if cookie == "the tenant's":
        name = settings.SESSION_COOKIE_NAME
        client.cookies[f"{name}_{globex.id}"] = client.cookies[name].value

    assert client.get("/tenancy/tenant/").status_code == 200
    assert attack(sample, client, "/t/globex") == []


@EVERY_ADDRESS
def test_an_operators_token_opens_no_tenant_address(sample, untouched, operator):
    headers = token(Client(), operator.email, "")

    assert Client().get("/api/v1/tenancy/tenants/", headers=headers).status_code == 200
    assert attack(sample, Client(), "/t/globex", headers=headers) == []


@EVERY_ADDRESS
@pytest.mark.parametrize("prefix", ["/t/globex", ""])
def test_a_support_session_opens_no_other_address(
    sample, untouched, operator, controller, acme, globex, prefix
):
    """A support session is valid for its tenant only: not for another, nor for the platform."""
    client = enter(operator, acme, controller)
    name = settings.SESSION_COOKIE_NAME
    client.cookies[f"{name}_{globex.id}"] = client.cookies[f"{name}_{acme.id}"].value
    client.cookies[name] = client.cookies[f"{name}_{acme.id}"].value

    assert client.get("/t/acme/ledger/account/").status_code == 200
    assert attack(sample, client, prefix, TENANTS if prefix else OPERATORS) == []


@EVERY_ADDRESS
def test_another_tenants_ids_open_nothing(sample, untouched, client_for, owner):
    """The session and the address are valid, but the ids belong to another tenant."""
    client = client_for(owner)
    wrong = []
    for method, address in points(sample):
        if is_open(address):
            continue
        response = send(client, method, "/t/acme", address)
        if SECRET in text_of(response) or (response.status_code >= 500 and response.status_code != 503):
            wrong.append(f"{method} {address} ({response.status_code})")
    assert wrong == []


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("globex.localhost", "/api/v1/ledger/accounts/"),
        ("globex.localhost", "/t/acme/api/v1/ledger/accounts/"),
        ("acme.localhost", "/t/globex/api/v1/ledger/accounts/"),
        ("acme.localhost:80@globex.localhost", "/api/v1/ledger/accounts/"),
        ("GLOBEX.localhost.", "/api/v1/ledger/accounts/"),
    ],
)
def test_contradictory_hosts_and_paths_open_nothing(untouched, client_for, owner, host, path):
    client = client_for(owner)

    response = client.get(path, headers={"host": host, "X-Forwarded-Host": "acme.localhost"})

    assert response.status_code in (400, 401, 403, 404) or "login" in response["Location"]
    assert SECRET not in text_of(response)
