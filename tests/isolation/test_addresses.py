"""Every address × another tenant's cookie, token, host, path and ids."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from tests.support.attack_surface import OPERATORS, TENANTS, addresses, body, filled_form, said
from tests.support.devices import token
from tests.support.impersonation import enter
from tests.support.tiers import Sample
from tests.support.two_at_work import SECRET, everything_of

METHODS = ("get", "post", "put", "patch", "delete")
OPEN = (
    "/accounts/",
    "/healthz",
    "/api/schema/",
    "/api/docs/",
    "/login/",
    "/logout/",
    "/jsi18n/",
    "/support/enter/",
)
"""Where a stranger is answered at all: what is there says nothing of anybody."""
ENDS_IT = ("/logout/",)
NO_COMMANDS = ("/api/v1/identity/tokens/", "/api/v1/webhooks/in/", "/password_change/")
"""Where a password, a token or a signature is the body."""


Forms = dict[str, dict[str, list[str]]]
_read: Forms = {}
"""Read once in a process: every test begins with the same rows."""


@pytest.fixture(autouse=True)
def forms(at_work, client_for, globex, operator) -> Forms:
    """Each form of both consoles, filled in by one who may: globex's owner, and an operator."""
    if not _read:
        _read.update(_forms(client_for(owner_of(globex), globex), f"/t/{globex.slug}", TENANTS))
        _read.update(_forms(client_for(operator, None), "", OPERATORS))
    return _read


def _forms(client: Client, prefix: str, urlconf: str) -> Forms:
    consoles = [
        address for address in addresses(urlconf) if "/api/" not in address and "/accounts/" not in address
    ]
    read = {
        (urlconf + console): filled_form(client, prefix + console)
        for console in consoles
        if console not in ENDS_IT
    }
    return {address: form for address, form in read.items() if form}


def owner_of(tenant: TenantInfo) -> User:
    with activate(tenant):
        owner = User.objects.get(email=f"owner@{tenant.slug}.example")
        owner.get_all_permissions()
        return owner


def ask(client: Client, method: str, prefix: str, address: str, urlconf: str = TENANTS, **extra: object):
    """At the API the command's fields as JSON, at a console the form as globex's owner would send it."""
    if method == "get":
        return client.get(prefix + address, **extra)
    if "/api/" not in address:
        return client.post(
            prefix + address, _read.get(urlconf + address, {"reason": "For a reason."}), **extra
        )
    extra["headers"] = {**extra.get("headers", {}), "Idempotency-Key": uuid4().hex}
    asked = json.dumps(body(address, urlconf))
    return getattr(client, method)(prefix + address, asked, content_type="application/json", **extra)


def is_open(address: str) -> bool:
    return any(word in address for word in OPEN)


def methods(address: str) -> tuple[str, ...]:
    return METHODS if address.startswith("/api/") else METHODS[:2]


EVERY_ADDRESS = pytest.mark.exhaustive("asks every address by every method", inside=True)


def points(sample: Sample, urlconf: str = TENANTS) -> list[tuple[str, str]]:
    """Methods and addresses: in the sample, one method for each address."""
    every = [(method, address) for address in addresses(urlconf) for method in methods(address)]
    return sample.of(every, 1, by=lambda point: point[1])


def attack(sample: Sample, client: Client, prefix: str, urlconf: str = TENANTS, **extra: object) -> list[str]:
    """What was answered that ought not to have been."""
    wrong = []
    for method, address in points(sample, urlconf):
        if any(word in address for word in ENDS_IT):
            continue
        response = ask(client, method, prefix, address, urlconf, **dict(extra))
        text = said(response)
        if SECRET in text or "globex.example" in text:
            wrong.append(f"{method} {address} shows what is globex's ({response.status_code})")
        elif response.status_code < 300 and not is_open(address):
            wrong.append(f"{method} {address} answers {response.status_code}")
        elif response.status_code >= 500 and response.status_code != 503:
            wrong.append(f"{method} {address} breaks ({response.status_code})")
    return wrong


@pytest.mark.exhaustive("a control that opens every address")
def test_the_secrets_are_there_for_those_they_belong_to(at_work, client_for, globex):
    """The control: what the matrix looks for is shown at these very addresses, so it can be found."""
    client = client_for(owner_of(globex), globex)

    shown = [address for address in addresses(TENANTS) if SECRET in said(client.get(f"/t/globex{address}"))]

    assert len(shown) >= 20, shown


@pytest.mark.exhaustive("a control that posts to every address")
def test_the_bodies_do_their_work_for_those_they_belong_to(client_for, globex):
    """The control: what is posted in vain below is understood everywhere, and much of it would be done."""
    client = client_for(owner_of(globex), globex)
    before = everything_of(globex)
    misread, done = [], []
    for address in addresses(TENANTS):
        if is_open(address) or address.startswith(NO_COMMANDS):
            continue
        response = ask(client, "post", "/t/globex", address)
        form = (response.context or {}).get("form")
        if response.status_code == 400 or (form is not None and form.errors):
            misread.append(f"{address}: {form.errors if form else said(response)}")
        elif response.status_code in (201, 202, 204, 302):
            done.append(address)
    after = everything_of(globex)

    assert misread == []
    assert len(done) >= 40, done
    assert len([each for each in before if before[each] != after[each]]) >= 25


@EVERY_ADDRESS
def test_with_another_tenants_session(sample, untouched, client_for, owner):
    assert attack(sample, client_for(owner), "/t/globex") == []


@EVERY_ADDRESS
def test_with_another_tenants_session_under_the_right_name(
    sample, untouched, client_for, owner, acme, globex
):
    """A cookie is the browser's to send: who is let in must not hang on its name."""
    client = client_for(owner)
    name = settings.SESSION_COOKIE_NAME
    client.cookies[f"{name}_{globex.id}"] = client.cookies[f"{name}_{acme.id}"].value
    client.cookies[name] = client.cookies[f"{name}_{acme.id}"].value

    assert attack(sample, client, "/t/globex") == []
    assert client.get("/t/globex/").status_code == 302
    assert client.get("/").status_code == 302


@EVERY_ADDRESS
def test_with_another_tenants_token(sample, untouched, owner):
    client = Client()
    headers = token(client, owner.email, "/t/acme")
    client = Client()

    assert client.get("/t/acme/api/v1/ledger/accounts/", headers=headers).status_code == 200
    assert attack(sample, client, "/t/globex", headers=headers) == []


@EVERY_ADDRESS
def test_with_a_tenants_token_and_session_at_the_operators(sample, untouched, client_for, owner):
    client = client_for(owner)
    headers = token(Client(), owner.email, "/t/acme")

    assert attack(sample, client, "", OPERATORS, headers=headers) == []


@EVERY_ADDRESS
@pytest.mark.parametrize("cookie", ["its own", "the tenant's"])
def test_with_an_operators_session_at_a_tenant(sample, untouched, client_for, operator, globex, cookie):
    """Who may do everything on the platform is nobody there, unless he enters as support."""
    client = client_for(operator, None)
    if cookie == "the tenant's":
        name = settings.SESSION_COOKIE_NAME
        client.cookies[f"{name}_{globex.id}"] = client.cookies[name].value

    assert client.get("/tenancy/tenant/").status_code == 200
    assert attack(sample, client, "/t/globex") == []


@EVERY_ADDRESS
def test_with_an_operators_token_at_a_tenant(sample, untouched, operator):
    headers = token(Client(), operator.email, "")

    assert Client().get("/api/v1/tenancy/tenants/", headers=headers).status_code == 200
    assert attack(sample, Client(), "/t/globex", headers=headers) == []


@EVERY_ADDRESS
@pytest.mark.parametrize("prefix", ["/t/globex", ""])
def test_with_a_support_visits_session_elsewhere(
    sample, untouched, operator, controller, acme, globex, prefix
):
    """A visit opens the one tenant that it was given for: not the next, nor the platform."""
    client = enter(operator, acme, controller)
    name = settings.SESSION_COOKIE_NAME
    client.cookies[f"{name}_{globex.id}"] = client.cookies[f"{name}_{acme.id}"].value
    client.cookies[name] = client.cookies[f"{name}_{acme.id}"].value

    assert client.get("/t/acme/ledger/account/").status_code == 200
    assert attack(sample, client, prefix, TENANTS if prefix else OPERATORS) == []


@EVERY_ADDRESS
def test_at_home_with_another_tenants_ids(sample, untouched, client_for, owner):
    """The session is good and the address is one's own; what is asked for is not."""
    client = client_for(owner)
    wrong = []
    for method, address in points(sample):
        if is_open(address):
            continue
        response = ask(client, method, "/t/acme", address)
        if SECRET in said(response) or (response.status_code >= 500 and response.status_code != 503):
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
def test_hosts_and_paths_that_do_not_agree(untouched, client_for, owner, host, path):
    client = client_for(owner)

    response = client.get(path, headers={"host": host, "X-Forwarded-Host": "acme.localhost"})

    assert response.status_code in (400, 401, 403, 404) or "login" in response["Location"]
    assert SECRET not in said(response)
