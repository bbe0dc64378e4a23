"""Jira has one issue for all notices of a topic: a real server that keeps issues as Jira's REST API v2 does."""

from __future__ import annotations

import json
import re

import pytest
from werkzeug import Response

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.notices.commands import AddNotificationChannel, ResendNoticeDelivery, SendAnnouncement
from apps.notices.errors import ChatAddressRefused, TopicTooLong
from tests.support.notices import send_due_notices

TESTS = System("Tests")
API = "/rest/api/2"


class Jira:
    """Issues by key: their fields, comments and state."""

    def __init__(self, server) -> None:
        self.server, self.issues, self.is_down = server, {}, False
        for pattern, respond in {
            r"/search/jql": self.search,
            r"/issue": self.create,
            r"/issue/OPS-\d+/comment": self.comment,
            r"/issue/OPS-\d+/transitions": self.move,
        }.items():
            server.expect_request(re.compile(rf"{API}{pattern}\Z"), method="POST").respond_with_handler(
                respond
            )

    def search(self, request):
        if self.is_down:
            return Response("later", 503)
        label = re.search(r'labels = "([^"]+)"', json.loads(request.data)["jql"])[1]
        matching = [{"id": key, "key": key} for key, issue in self.issues.items() if label in issue["labels"]]
        return _json({"issues": matching[:1], "isLast": True})

    def create(self, request):
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key] = {**json.loads(request.data)["fields"], "comments": [], "state": "open"}
        return _json({"id": key, "key": key, "self": "…"}, 201)

    def comment(self, request):
        self.issues[request.path.split("/")[5]]["comments"].append(json.loads(request.data)["body"])
        return _json({"id": "1"}, 201)

    def move(self, request):
        transition = json.loads(request.data)["transition"]["id"]
        self.issues[request.path.split("/")[5]]["state"] = f"moved by {transition}"
        return Response(status=204)


def _json(body, status=200):
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def jira(chat):
    return Jira(chat)


def channel(jira):
    address = f"jira://ada%40bursar.example:token@127.0.0.1:{jira.server.port}/OPS/31"
    return dispatch(AddNotificationChannel(name="Jira", address=address), actor=TESTS)


def announce(subject, **fields):
    notice = dispatch(SendAnnouncement(subject=subject, text="See the console.", **fields), actor=TESTS)
    send_due_notices()
    return notice.deliveries.get()


def test_an_issue_is_created_then_updated_then_closed(at_acme, jira):
    channel(jira)
    topic = "flag:sales.new-order-screen"

    for subject, closes in {"Stale": False, "Stale for a week": False, "Retired": True}.items():
        delivery = announce(subject, topic=topic, closes_topic=closes)
        assert delivery.state == "sent"

    assert jira.issues == {
        "OPS-1": {
            "project": {"key": "OPS"},
            "issuetype": {"name": "Task"},
            "summary": "Stale",
            "description": "See the console.",
            "labels": ["bursar-acme-flag-sales.new-order-screen"],
            "comments": ["Stale for a week\n\nSee the console.", "Retired\n\nSee the console."],
            "state": "moved by 31",
        }
    }
    assert jira.server.log[0][0].headers["Authorization"].startswith("Basic ")


def test_a_notice_that_is_sent_twice_makes_one_issue(at_acme, jira):
    channel(jira)
    delivery = announce("Books")
    dispatch(ResendNoticeDelivery(notice_delivery_id=delivery.pk), actor=TESTS)
    send_due_notices()

    assert list(jira.issues) == ["OPS-1"]


def test_topics_and_tenants_have_issues_of_their_own(acme, globex, jira):
    for tenant in (acme, globex):
        with activate(tenant):
            channel(jira)
            announce("A", topic="flag:a")
            announce("B", topic="flag:b")

    assert [issue["labels"][0] for issue in jira.issues.values()] == [
        *("bursar-acme-flag-a", "bursar-acme-flag-b"),
        *("bursar-globex-flag-a", "bursar-globex-flag-b"),
    ]


def test_a_server_that_is_down_is_tried_again(at_acme, jira, later):
    channel(jira)
    jira.is_down = True
    delivery = announce("Books", topic="books")
    assert (delivery.state, delivery.last_error, jira.issues) == ("waiting", "It answered 503.", {})

    jira.is_down = False
    with later(minutes=5):
        send_due_notices()
    delivery.refresh_from_db()
    assert (delivery.state, list(jira.issues)) == ("sent", ["OPS-1"])


@pytest.mark.parametrize("end", ["", "/OPS", "/ops/31", "/OPS/close", "/OPS/31?x=1"])
def test_an_address_without_project_and_transition_is_refused(at_acme, end):
    with pytest.raises(ChatAddressRefused):
        dispatch(AddNotificationChannel(name="Jira", address=f"jiras://a:b@jira.example{end}"), actor=TESTS)


def test_a_topic_that_is_too_long_is_refused(at_acme):
    with pytest.raises(TopicTooLong):
        dispatch(SendAnnouncement(subject="A", text="B", topic="x" * 121), actor=TESTS)
