"""Notices and notification channels over the API and in the consoles."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.correlation import correlated
from apps.kernel.observability.request_trace import entries_here
from apps.kernel.tenant import activate
from apps.notices.commands import AddNotificationChannel, SendAnnouncement
from apps.notices.models import Notice, NoticeDelivery, NotificationChannel
from tests.support.notices import send_due_notices

TESTS = System("Tests")
API = "/t/acme/api/v1/notices/"
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture
def owner_client(owner, client_for) -> Client:
    return client_for(owner)


def posted(client, path, **body):
    return client.post(path, body, content_type="application/json")


class TestApi:
    def test_an_announcement_is_sent_listed_then_resent(self, owner_client, acme, mail_server):
        response = posted(owner_client, API, subject="The books", text="Closed.", to=["owner", "auditor"])
        assert response.status_code == 201
        with activate(acme):
            send_due_notices()

        notice = owner_client.get(f"{API}{response.json()['id']}/").json()
        assert [(delivery["recipient"], delivery["state"]) for delivery in notice["deliveries"]] == [
            ("auditor@acme.example", "sent"),
            ("owner@acme.example", "sent"),
        ]
        assert owner_client.get(API).json()["results"][0]["subject"] == "The books"
        resend = posted(owner_client, f"{API}deliveries/{notice['deliveries'][0]['id']}/resend/")
        assert (resend.status_code, resend.json()["state"]) == (202, "waiting")

    def test_a_channel_is_added_tested_then_removed_over_the_api(self, owner_client):
        response = posted(owner_client, f"{API}channels/", name="Ops", address=SLACK)
        assert (response.status_code, response.json()["masked_address"]) == (201, "slack at hooks.slack.com")
        assert SLACK.rpartition("/")[2] not in response.content.decode()
        channel = f"{API}channels/{response.json()['id']}/"

        assert posted(owner_client, f"{channel}send-test-message/").status_code == 202
        assert posted(owner_client, f"{channel}remove/", reason="Closed.").status_code == 200
        assert owner_client.get(f"{API}channels/").json()["results"] == []

    def test_a_refused_address_is_not_repeated_in_the_response(self, owner_client):
        response = posted(owner_client, f"{API}channels/", name="Ops", address="jsons://10.0.0.7/very-secret")

        assert (response.status_code, response.json()["code"]) == (422, "notices.chat_address_refused")
        assert "very-secret" not in response.content.decode()

    def test_an_address_outside_the_tenant_is_refused(self, owner_client):
        response = posted(owner_client, API, subject="Buy", text="Now.", to=["a@world.example"])
        assert (response.status_code, response.json()["code"]) == (403, "notices.recipient_not_allowed")

    def test_an_announcement_by_an_auditor_is_refused(self, auditor, client_for):
        client = client_for(auditor)
        assert client.get(API).status_code == 200
        assert posted(client, API, subject="Hello", text="All.", to=["owner"]).status_code == 403

    def test_the_platform_sends_to_its_operators(self, operator, client_for, mail_server):
        client = client_for(operator, None)
        response = posted(client, "/api/v1/notices/", subject="Tonight", text="A pause.", to=["operators"])
        assert response.status_code == 201
        assert client.get("/api/v1/notices/").json()["results"][0]["subject"] == "Tonight"


class TestConsole:
    def test_pages_without_notices_can_be_opened(self, owner_client):
        for page in (
            "notices/notice/",
            "notices/notificationchannel/",
            "notices/send/",
            "notices/channels/add/",
        ):
            assert owner_client.get(f"/t/acme/{page}").status_code == 200

    def test_the_page_of_an_announcement_shows_its_deliveries(self, owner_client, acme, mail_server):
        mail_server.refusing["auditor@acme.example"] = "550 no such user"
        response = owner_client.post(
            "/t/acme/notices/send/", {"to": "owner\nauditor", "subject": "The <books>", "text": "Closed."}
        )
        with activate(acme):
            send_due_notices()

        page = owner_client.get(response["Location"]).content.decode()
        assert "The &lt;books&gt;" in page
        for text in ("auditor@acme.example", "550 no such user", "Failed", "Sent", "Resend"):
            assert text in page
        assert "The &lt;books&gt;" in owner_client.get("/t/acme/notices/notice/").content.decode()

    def test_a_delivery_is_resent_from_its_page(self, owner_client, owner, acme, mail_server):
        with activate(acme):
            delivery = dispatch(
                SendAnnouncement(subject="S", text="T", to=("owner",)), actor=owner
            ).deliveries.get()
            send_due_notices()
        page = f"/t/acme/notices/deliveries/{delivery.pk}/resend/"
        assert b"owner@acme.example" in owner_client.get(page).content
        assert owner_client.post(page, {}).status_code == 302
        with activate(acme):
            assert NoticeDelivery.objects.get().state == "waiting"

    def test_a_channel_is_added_tested_then_removed_in_the_console(self, owner_client, acme):
        data = {"name": "Ops", "address": SLACK, "kinds": ["support_session.opened"]}
        response = owner_client.post("/t/acme/notices/channels/add/", data)
        page = owner_client.get(response["Location"]).content.decode()
        assert "slack at hooks.slack.com" in page
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in page
        with activate(acme):
            channel = NotificationChannel.objects.get()
        assert (
            owner_client.post(f"/t/acme/notices/channels/{channel.pk}/send-test-message/", {}).status_code
            == 302
        )
        assert (
            owner_client.post(
                f"/t/acme/notices/channels/{channel.pk}/remove/", {"reason": "Over."}
            ).status_code
            == 302
        )
        with activate(acme):
            assert not NotificationChannel.objects.active().exists()
            assert NotificationChannel.objects.filter(kinds=["support_session.opened"]).exists()

    def test_operators_have_the_same_pages(self, operator, client_for):
        client = client_for(operator, None)
        client.post("/notices/send/", {"to": "operators", "subject": "Tonight", "text": "A pause."})
        assert b"Tonight" in client.get("/notices/notice/").content
        assert client.get(f"/notices/notice/{Notice.objects.get().pk}/change/").status_code == 200

    def test_an_auditor_sees_channels_without_buttons(self, auditor, client_for, acme):
        with activate(acme):
            dispatch(AddNotificationChannel(name="Ops", address=SLACK), actor=TESTS)
        client = client_for(auditor)
        assert b"Add notification channel" not in client.get("/t/acme/notices/notificationchannel/").content
        assert client.get("/t/acme/notices/channels/add/").status_code == 403


def test_the_trace_of_a_request_lists_its_notices(at_acme, mail_server):
    with correlated("request-7"):
        dispatch(SendAnnouncement(subject="The books", text="Closed.", to=("owner",)), actor=TESTS)
    send_due_notices()

    assert "Notice “The books”: 1 sent." in [entry.text for entry in entries_here("request-7")]
