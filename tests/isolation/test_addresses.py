"""Every address × another tenant's cookie, token, host, path and ids."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from tests.conftest import PASSWORD

from .conftest import FIRST, SECRET
from .registry import OPERATORS, TENANTS, addresses

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


SAID = dict.fromkeys(("id", "entry_id", "payment_id", "order_id", "user_id", "tenant_id"), FIRST) | {
    "reason": "of the other tenant",
    "amount": "1.00",
}


def ask(client: Client, method: str, address: str, **extra: object):
    """JSON at the API, a form at a console: many of its pages want a reason and nothing else."""
    if method == "get":
        return client.get(address, **extra)
    if "/api/" not in address:
        return client.post(address, SAID, **extra)
    extra["headers"] = {**extra.get("headers", {}), "Idempotency-Key": uuid4().hex}
    return getattr(client, method)(address, json.dumps(SAID), content_type="application/json", **extra)


def said(answer) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace") + str(dict(answer.headers))


def is_open(address: str) -> bool:
    return any(word in address for word in OPEN)


def methods(address: str) -> tuple[str, ...]:
    return METHODS if address.startswith("/api/") else METHODS[:2]


def attack(client: Client, prefix: str, urlconf: str = TENANTS, **extra: object) -> list[str]:
    """What was answered that ought not to have been."""
    wrong = []
    for address in addresses(urlconf):
        if any(word in address for word in ENDS_IT):
            continue
        for method in methods(address):
            answer = ask(client, method, prefix + address, **dict(extra))
            text = said(answer)
            if SECRET in text or "globex.example" in text:
                wrong.append(f"{method} {address} shows what is globex's ({answer.status_code})")
            elif answer.status_code < 300 and not is_open(address):
                wrong.append(f"{method} {address} answers {answer.status_code}")
            elif answer.status_code >= 500 and answer.status_code != 503:
                wrong.append(f"{method} {address} breaks ({answer.status_code})")
    return wrong


def token(client: Client, email: str, prefix: str) -> dict[str, str]:
    answer = client.post(
        f"{prefix}/api/v1/identity/tokens/",
        {"email": email, "password": PASSWORD},
        content_type="application/json",
    )
    assert answer.status_code in (200, 201), answer.content
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_the_secrets_are_there_for_those_they_belong_to(at_work, client_for, globex):
    """The control: what the matrix looks for is shown at these very addresses, so it can be found."""
    from apps.identity.models import User
    from apps.kernel.tenant import activate

    with activate(globex):
        owner = User.objects.get(email="owner@globex.example")
    client = client_for(owner, globex)

    shown = [each for each in addresses(TENANTS) if SECRET in said(client.get(f"/t/globex{each}"))]

    assert len(shown) >= 20, shown


def test_with_another_tenants_session(untouched, client_for, owner):
    assert attack(client_for(owner), "/t/globex") == []


def test_with_another_tenants_session_under_the_right_name(untouched, client_for, owner, acme, globex):
    """A cookie is the browser's to send: who is let in must not hang on its name."""
    client = client_for(owner)
    name = settings.SESSION_COOKIE_NAME
    client.cookies[f"{name}_{globex.id}"] = client.cookies[f"{name}_{acme.id}"].value
    client.cookies[name] = client.cookies[f"{name}_{acme.id}"].value

    assert attack(client, "/t/globex") == []
    assert client.get("/t/globex/").status_code == 302
    assert client.get("/").status_code == 302


def test_with_another_tenants_token(untouched, owner):
    client = Client()
    headers = token(client, owner.email, "/t/acme")
    client = Client()

    assert client.get("/t/acme/api/v1/ledger/accounts/", headers=headers).status_code == 200
    assert attack(client, "/t/globex", headers=headers) == []


def test_with_a_tenants_token_and_session_at_the_operators(untouched, client_for, owner):
    client = client_for(owner)
    headers = token(Client(), owner.email, "/t/acme")

    assert attack(client, "", OPERATORS, headers=headers) == []


def test_at_home_with_another_tenants_ids(untouched, client_for, owner):
    """The session is good and the address is one's own; what is asked for is not."""
    client = client_for(owner)
    wrong = []
    for address in addresses(TENANTS):
        if is_open(address):
            continue
        for method in methods(address):
            answer = ask(client, method, f"/t/acme{address}")
            if SECRET in said(answer) or (answer.status_code >= 500 and answer.status_code != 503):
                wrong.append(f"{method} {address} ({answer.status_code})")
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

    answer = client.get(path, headers={"host": host, "X-Forwarded-Host": "acme.localhost"})

    assert answer.status_code in (400, 401, 403, 404) or "login" in answer["Location"]
    assert SECRET not in said(answer)
