"""Notices at the API and in the consoles."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.correlation import correlated
from apps.kernel.request_trace import entries_here
from apps.kernel.tenant import activate
from apps.notices.commands import AddTarget, TellPeople
from apps.notices.models import Copy, Notice, Target
from tests.support.letters import deliver

US = System("The suite")
API = "/t/acme/api/v1/notices/"
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture
def owners(owner, client_for) -> Client:
    return client_for(owner)


def posted(client, path, **body):
    return client.post(path, body, content_type="application/json")


class TestApi:
    def test_from_a_notice_to_who_knows(self, owners, acme, post):
        response = posted(owners, API, subject="The books", text="Closed.", to=["owner", "auditor"])
        assert response.status_code == 201
        with activate(acme):
            deliver()

        one = owners.get(f"{API}{response.json()['id']}/").json()
        assert [(each["receiver"], each["state"]) for each in one["copies"]] == [
            ("auditor@acme.example", "sent"),
            ("owner@acme.example", "sent"),
        ]
        assert owners.get(API).json()["results"][0]["subject"] == "The books"
        again = posted(owners, f"{API}copies/{one['copies'][0]['id']}/send-again/")
        assert (again.status_code, again.json()["state"]) == (202, "waiting")

    def test_a_chat_comes_is_tried_and_goes(self, owners):
        response = posted(owners, f"{API}targets/", name="Room", address=SLACK)
        assert (response.status_code, response.json()["shown"]) == (201, "slack at hooks.slack.com")
        assert SLACK.rpartition("/")[2] not in response.content.decode()
        target = f"{API}targets/{response.json()['id']}/"

        assert posted(owners, f"{target}try/").status_code == 202
        assert posted(owners, f"{target}remove/", reason="Closed.").status_code == 200
        assert owners.get(f"{API}targets/").json()["results"] == []

    def test_a_wrong_address_is_refused_and_not_repeated(self, owners):
        response = posted(owners, f"{API}targets/", name="Room", address="jsons://10.0.0.7/very-secret")

        assert (response.status_code, response.json()["code"]) == (422, "notices.chat_address_refused")
        assert "very-secret" not in response.content.decode()

    def test_a_stranger_is_refused(self, owners):
        response = posted(owners, API, subject="Buy", text="Now.", to=["a@world.example"])
        assert (response.status_code, response.json()["code"]) == (403, "notices.stranger_not_told")

    def test_whoever_may_look_may_not_tell(self, auditor, client_for):
        client = client_for(auditor)
        assert client.get(API).status_code == 200
        assert posted(client, API, subject="Hello", text="All.", to=["owner"]).status_code == 403

    def test_the_platform_tells_its_own(self, operator, client_for, post):
        client = client_for(operator, None)
        response = posted(client, "/api/v1/notices/", subject="Tonight", text="A pause.", to=["operators"])
        assert response.status_code == 201
        assert client.get("/api/v1/notices/").json()["results"][0]["subject"] == "Tonight"


class TestConsole:
    def test_empty_pages(self, owners):
        for page in ("notices/notice/", "notices/target/", "notices/tell/", "notices/chats/add/"):
            assert owners.get(f"/t/acme/{page}").status_code == 200

    def test_people_are_told_and_it_is_seen(self, owners, acme, post):
        post.refusing["auditor@acme.example"] = "550 no such user"
        response = owners.post(
            "/t/acme/notices/tell/", {"to": "owner\nauditor", "subject": "The <books>", "text": "Closed."}
        )
        with activate(acme):
            deliver()

        page = owners.get(response["Location"]).content.decode()
        assert "The &lt;books&gt;" in page
        for words in ("auditor@acme.example", "550 no such user", "Given up", "Sent", "Send again"):
            assert words in page
        assert "The &lt;books&gt;" in owners.get("/t/acme/notices/notice/").content.decode()

    def test_a_copy_is_sent_again(self, owners, owner, acme, post):
        with activate(acme):
            copy = dispatch(TellPeople(subject="S", text="T", to=("owner",)), actor=owner).copies.get()
            deliver()
        page = f"/t/acme/notices/copies/{copy.pk}/send-again/"
        assert b"owner@acme.example" in owners.get(page).content
        assert owners.post(page, {}).status_code == 302
        with activate(acme):
            assert Copy.objects.get().state == "waiting"

    def test_a_chat_is_added_tried_and_removed(self, owners, acme):
        data = {"name": "Room", "address": SLACK, "kinds": ["support_session.opened"]}
        response = owners.post("/t/acme/notices/chats/add/", data)
        page = owners.get(response["Location"]).content.decode()
        assert "slack at hooks.slack.com" in page
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in page
        with activate(acme):
            target = Target.objects.get()
        assert owners.post(f"/t/acme/notices/chats/{target.pk}/try/", {}).status_code == 302
        assert (
            owners.post(f"/t/acme/notices/chats/{target.pk}/remove/", {"reason": "Over."}).status_code == 302
        )
        with activate(acme):
            assert not Target.objects.active().exists()
            assert Target.objects.filter(kinds=["support_session.opened"]).exists()

    def test_the_operators_have_the_same_pages(self, operator, client_for):
        client = client_for(operator, None)
        client.post("/notices/tell/", {"to": "operators", "subject": "Tonight", "text": "A pause."})
        assert b"Tonight" in client.get("/notices/notice/").content
        assert client.get(f"/notices/notice/{Notice.objects.get().pk}/change/").status_code == 200

    def test_the_auditor_looks_and_has_no_buttons(self, auditor, client_for, acme):
        with activate(acme):
            dispatch(AddTarget(name="Room", address=SLACK), actor=US)
        client = client_for(auditor)
        assert b"Add a chat" not in client.get("/t/acme/notices/target/").content
        assert client.get("/t/acme/notices/chats/add/").status_code == 403


def test_the_story_of_a_request_says_who_was_told(at_acme, post):
    with correlated("request-7"):
        dispatch(TellPeople(subject="The books", text="Closed.", to=("owner",)), actor=US)
    deliver()

    assert "People are told “The books”: 1 sent." in [line.text for line in entries_here("request-7")]
