"""The endpoints under /api/v1/webhooks/."""

from __future__ import annotations

import pytest

from apps.kernel.tenant import activate
from apps.webhooks import sending
from apps.webhooks.models import Endpoint
from tests.support.callers import Caller

BASE = "webhooks/"


@pytest.fixture
def owner_api(api, owner, hinted) -> Caller:
    return api(owner)


def test_an_endpoint_through_all_its_commands(acme, owner_api, receiver):
    receiver.expect_request("/hook").respond_with_data("", 500)
    created = owner_api.post(
        BASE + "endpoints/", {"url": receiver.url_for("/hook"), "events": ["entry.posted"]}
    )
    assert created.status_code == 201, created.content
    pk = created.json()["id"]
    assert created.json()["new_secret"].startswith("whsec_")
    shown = owner_api.get(f"{BASE}endpoints/{pk}/").json()
    assert "new_secret" not in shown
    assert len(shown["secrets"]) == 1

    tested = owner_api.post(f"{BASE}endpoints/{pk}/test/")
    assert tested.status_code == 202
    with activate(acme):
        sending.send_due(pk)
    message = owner_api.get(f"{BASE}messages/{tested.json()['id']}/").json()
    assert (message["state"], message["type"]) == ("pending", "webhook.test")
    assert message["tries"][0]["status"] == 500
    assert owner_api.post(f"{BASE}messages/{message['id']}/resend/").status_code == 202
    assert len(owner_api.get(BASE + "messages/", state="pending", endpoint=pk).json()["results"]) == 1

    rotated = owner_api.post(f"{BASE}endpoints/{pk}/rotate-secret/", {"overlap_hours": 1}).json()
    assert rotated["new_secret"] != created.json()["new_secret"]
    old = min(secret["id"] for secret in rotated["secrets"])
    assert owner_api.post(f"{BASE}secrets/{old}/retire/", {"reason": "It leaked."}).status_code == 200
    changed = owner_api.post(f"{BASE}endpoints/{pk}/change/", {"url": "https://hooks.example/"})
    assert (changed.json()["url"], changed.json()["events"]) == ("https://hooks.example/", [])
    disabled = owner_api.post(f"{BASE}endpoints/{pk}/disable/", {"reason": "Shop closed."})
    assert disabled.json()["state"] == "disabled"
    assert owner_api.post(f"{BASE}endpoints/{pk}/enable/").json()["state"] == "active"


def test_the_response_to_a_repeated_request_is_without_the_secret(acme, owner_api):
    def register():
        return owner_api.client.post(
            owner_api.base + BASE + "endpoints/",
            {"url": "https://hooks.example/"},
            content_type="application/json",
            headers={"Idempotency-Key": "once"},
        )

    first, repeated = register().json(), register().json()

    assert first["id"] == repeated["id"]
    assert (bool(first["new_secret"]), repeated["new_secret"]) == (True, "")
    with activate(acme):
        assert Endpoint.objects.count() == 1


def test_a_hostile_address_is_a_problem_with_a_stable_code(owner_api):
    response = owner_api.post(BASE + "endpoints/", {"url": "https://169.254.169.254/"})

    assert (response.status_code, response.json()["code"]) == (422, "kernel.address_refused")


def test_a_source_with_a_rotated_secret(owner_api):
    secret = "whsec_" + "b" * 43 + "="
    created = owner_api.post(BASE + "sources/", {"name": "psp", "scheme": "standard", "secret": secret})
    assert created.status_code == 201
    assert secret not in created.content.decode()
    rotated = owner_api.post(f"{BASE}sources/{created.json()['id']}/rotate-secret/", {"secret": secret})
    assert len(rotated.json()["secrets"]) == 2
    assert owner_api.get(BASE + "received/").json()["results"] == []


def test_an_auditor_may_read_endpoints_without_changing_them(api, auditor, hinted):
    caller = api(auditor)

    assert caller.get(BASE + "endpoints/").status_code == 200
    assert caller.post(BASE + "endpoints/", {"url": "https://hooks.example/"}).status_code == 403
