"""The pages of webhooks in a tenant's console."""

from __future__ import annotations

import pytest

from apps.console.admin import KEY
from apps.kernel.tenant import activate
from apps.webhooks import receiving, sending
from apps.webhooks.models import Endpoint, Message, Received, Secret, Source
from tests.support.console_pages import edit
from tests.support.source import PROVIDERS_SECRET, post

BASE = "/t/acme/webhooks/"


@pytest.fixture
def page(client_for, owner, hinted):
    return client_for(owner)


def test_the_secret_of_a_registered_endpoint_is_only_on_that_page(acme, page):
    fields = {"url": "https://hooks.example/", "events": "entry.posted\nperiod.closed", KEY: "once"}

    response = page.post(BASE + "endpoints/register/", fields)
    with activate(acme):
        endpoint = Endpoint.objects.get()
        secret = endpoint.secrets.get().opened()

    assert endpoint.events == ["entry.posted", "period.closed"]
    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    repeated = page.post(BASE + "endpoints/register/", fields).content.decode()
    assert secret not in repeated
    assert "was shown once" in repeated
    with activate(acme):
        assert Endpoint.objects.count() == 1
    for path in (f"endpoint/{endpoint.pk}/change/", "endpoint/", f"endpoints/{endpoint.pk}/rotate-secret/"):
        assert secret not in page.get(BASE + path).content.decode()


def test_a_private_address_is_refused_on_the_page(page):
    response = page.post(BASE + "endpoints/register/", {"url": "https://10.0.0.1/"})

    assert response.status_code == 422
    assert "kernel.address_refused" in response.content.decode()


def test_an_endpoint_through_all_its_pages(acme, page, endpoint, receiver):
    receiver.expect_request("/hook").respond_with_data("<b>no</b>", 500)
    pk = endpoint.pk
    assert page.post(f"{BASE}endpoints/{pk}/test/").status_code == 302
    sending.send_due(pk)
    message = Message.objects.get()

    shown = page.get(f"{BASE}message/{message.pk}/change/").content.decode()
    assert "&lt;b&gt;no&lt;/b&gt;" in shown
    assert "Send again" in shown
    listed = page.get(BASE + "endpoint/").content.decode()
    assert "500 in" in listed
    assert page.post(f"{BASE}messages/{message.pk}/resend/").status_code == 302

    rotated = page.post(f"{BASE}endpoints/{pk}/rotate-secret/", {"overlap_hours": 2}).content.decode()
    assert "whsec_" in rotated
    old = Secret.objects.earliest("pk")
    assert page.post(f"{BASE}secrets/{old.pk}/retire/", {"reason": "It leaked."}).status_code == 302
    assert edit(page, f"{BASE}endpoints/{pk}/change/", {"url": "https://hooks.example/"}).status_code == 302
    assert page.post(f"{BASE}endpoints/{pk}/disable/", {"reason": "Shop closed."}).status_code == 302
    assert "Disabled" in page.get(BASE + "endpoint/").content.decode()
    assert page.post(f"{BASE}endpoints/{pk}/enable/").status_code == 302
    assert page.get(f"{BASE}endpoint/{pk}/change/").status_code == 200


def test_a_source_with_a_received_message(acme, page, at_acme):
    added = {"name": "psp", "scheme": "standard", "secret": PROVIDERS_SECRET}
    assert page.post(BASE + "sources/add/", added).status_code == 302
    source = Source.objects.get()
    assert "/t/acme/api/v1/webhooks/in/psp/" in page.get(f"{BASE}source/{source.pk}/change/").content.decode()

    post({"type": "planet.found", "data": {"name": "Pluto"}})
    received = Received.objects.get()
    receiving.process(received.pk)

    assert "Ignored" in page.get(BASE + "received/").content.decode()
    assert "Pluto" in page.get(f"{BASE}received/{received.pk}/change/").content.decode()
    assert page.post(f"{BASE}received/{received.pk}/reprocess/").status_code == 302
    new = {"secret": PROVIDERS_SECRET, "overlap_hours": 1}
    assert page.post(f"{BASE}sources/{source.pk}/rotate-secret/", new).status_code == 302
    old = source.secrets.earliest("pk")
    assert page.post(f"{BASE}source-secrets/{old.pk}/retire/", {"reason": "It leaked."}).status_code == 302


def test_an_unknown_row_is_not_found(page):
    for path in ("endpoints/9/change/", "messages/9/resend/", "received/9/reprocess/", "secrets/9/retire/"):
        assert page.get(BASE + path).status_code == 404


def test_an_auditor_may_view_endpoints_without_changing_them(client_for, auditor, endpoint):
    page = client_for(auditor)

    assert page.get(BASE + "endpoint/").status_code == 200
    assert page.get(f"{BASE}endpoints/{endpoint.pk}/disable/").status_code == 403
