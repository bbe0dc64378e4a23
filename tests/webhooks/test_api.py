"""The endpoints under /api/v1/webhooks/."""

from __future__ import annotations

import pytest

from apps.kernel.tenant import activate
from apps.webhooks import sending
from apps.webhooks.models import Endpoint
from tests.support.callers import Caller

BASE = "webhooks/"


@pytest.fixture
def owners(api, owner, hinted) -> Caller:
    return api(owner)


def test_an_endpoints_life(acme, owners, receiver):
    receiver.expect_request("/hook").respond_with_data("", 500)
    made = owners.post(BASE + "endpoints/", {"url": receiver.url_for("/hook"), "events": ["entry.posted"]})
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["new_secret"].startswith("whsec_")
    shown = owners.get(f"{BASE}endpoints/{pk}/").json()
    assert "new_secret" not in shown
    assert len(shown["secrets"]) == 1

    tested = owners.post(f"{BASE}endpoints/{pk}/test/")
    assert tested.status_code == 202
    with activate(acme):
        sending.send_due(pk)
    message = owners.get(f"{BASE}messages/{tested.json()['id']}/").json()
    assert (message["state"], message["type"]) == ("pending", "webhook.test")
    assert message["tries"][0]["status"] == 500
    assert owners.post(f"{BASE}messages/{message['id']}/resend/").status_code == 202
    assert len(owners.get(BASE + "messages/", state="pending", endpoint=pk).json()["results"]) == 1

    rotated = owners.post(f"{BASE}endpoints/{pk}/rotate-secret/", {"overlap_hours": 1}).json()
    assert rotated["new_secret"] != made.json()["new_secret"]
    old = min(each["id"] for each in rotated["secrets"])
    assert owners.post(f"{BASE}secrets/{old}/retire/", {"reason": "It leaked."}).status_code == 200
    changed = owners.post(f"{BASE}endpoints/{pk}/change/", {"url": "https://hooks.example/"})
    assert (changed.json()["url"], changed.json()["events"]) == ("https://hooks.example/", [])
    disabled = owners.post(f"{BASE}endpoints/{pk}/disable/", {"reason": "It is sold."})
    assert disabled.json()["state"] == "disabled"
    assert owners.post(f"{BASE}endpoints/{pk}/enable/").json()["state"] == "active"


def test_a_repeated_request_is_answered_without_the_secret(acme, owners):
    def ask():
        return owners.client.post(
            owners.base + BASE + "endpoints/",
            {"url": "https://hooks.example/"},
            content_type="application/json",
            headers={"Idempotency-Key": "once"},
        )

    first, again = ask().json(), ask().json()

    assert first["id"] == again["id"]
    assert (bool(first["new_secret"]), again["new_secret"]) == (True, "")
    with activate(acme):
        assert Endpoint.objects.count() == 1


def test_a_hostile_address_is_a_problem_with_a_stable_code(owners):
    response = owners.post(BASE + "endpoints/", {"url": "https://169.254.169.254/"})

    assert (response.status_code, response.json()["code"]) == (422, "kernel.address_refused")


def test_sources_and_what_they_sent(owners):
    secret = "whsec_" + "b" * 43 + "="
    made = owners.post(BASE + "sources/", {"name": "psp", "scheme": "standard", "secret": secret})
    assert made.status_code == 201
    assert secret not in made.content.decode()
    rotated = owners.post(f"{BASE}sources/{made.json()['id']}/rotate-secret/", {"secret": secret})
    assert len(rotated.json()["secrets"]) == 2
    assert owners.get(BASE + "received/").json()["results"] == []


def test_an_auditor_looks_and_changes_nothing(api, auditor, hinted):
    caller = api(auditor)

    assert caller.get(BASE + "endpoints/").status_code == 200
    assert caller.post(BASE + "endpoints/", {"url": "https://hooks.example/"}).status_code == 403
