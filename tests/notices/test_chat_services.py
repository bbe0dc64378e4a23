"""The chat services: a request over HTTP to a real server, in the format that the service documents."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.outbound import posting
from apps.notices.commands import AddNotificationChannel, SendAnnouncement
from apps.notices.transports.services import ISSUE_TRACKERS, SERVICES
from tests.support.notices import send_due_notices

TESTS = System("Tests")
SLACK = "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
DISCORD = "/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
GOOGLE = "/v1/spaces/AAAAk6lGXyM/messages?key=AIzaSyDdI0hC&token=O7b1nyri_waOp%3D"
FLOW = "/workflows/643e69f8/triggers/manual/paths/invoke"
SIGNED = "sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWb-x_9"
PLATFORM_HOST = "default0f3c.09.environment.api.powerplatform.com"
PLATFORM = f"/powerautomate/automations/direct{FLOW}"
AZURE_HOST = "prod-161.westeurope.logic.azure.com"
ADDRESSES = {
    f"https://hooks.slack.com{SLACK}": ("slack", "hooks.slack.com", SLACK),
    SLACK.replace("/services/", "slack://"): ("slack", "hooks.slack.com", SLACK),
    f"https://discord.com{DISCORD}": ("discord", "discord.com", f"{DISCORD}?wait=true"),
    f"https://discordapp.com{DISCORD}/": ("discord", "discord.com", f"{DISCORD}?wait=true"),
    DISCORD.replace("/api/webhooks/", "discord://"): ("discord", "discord.com", f"{DISCORD}?wait=true"),
    f"https://chat.googleapis.com{GOOGLE}": ("gchat", "chat.googleapis.com", GOOGLE),
    "gchat://AAAAk6lGXyM/AIzaSyDdI0hC/O7b1nyri_waOp%3D": ("gchat", "chat.googleapis.com", GOOGLE),
    "mmosts://chat.example.com/8f2bb1c7a3de": ("mmosts", "chat.example.com", "/hooks/8f2bb1c7a3de"),
    "mmosts://example.com/chat/8f2bb1c7a3de": ("mmosts", "example.com", "/chat/hooks/8f2bb1c7a3de"),
    "ntfys://ntfy.example.com/the-books": ("ntfys", "ntfy.example.com", "/"),
    f"https://{PLATFORM_HOST}:443{PLATFORM}?api-version=1&{SIGNED}": (
        "workflows",
        PLATFORM_HOST,
        f"{PLATFORM}?{SIGNED}&api-version=1",
    ),
    f"workflows://{PLATFORM_HOST}/643e69f8/KODuebWb-x_9": (
        "workflows",
        PLATFORM_HOST,
        f"{PLATFORM}?{SIGNED}&api-version=1",
    ),
    f"https://{AZURE_HOST}:443{FLOW}?api-version=2016-06-01&{SIGNED}": (
        "workflows",
        AZURE_HOST,
        f"{FLOW}?{SIGNED}&api-version=2016-06-01",
    ),
    f"workflows://{AZURE_HOST}:443/643e69f8/KODuebWb-x_9/": (
        "workflows",
        AZURE_HOST,
        f"{FLOW}?{SIGNED}&api-version=2016-06-01",
    ),
    "jsons://hooks.example.com/a/b": ("jsons", "hooks.example.com", "/a/b"),
}
CARD = {
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [
        {"type": "TextBlock", "text": "Books", "weight": "Bolder", "size": "Large", "wrap": True},
        {"type": "TextBlock", "text": "Closed — <b>&", "wrap": True},
    ],
    "msteams": {"width": "full"},
}
PAYLOADS = {
    "slack": {"text": "*Books*\nClosed — &lt;b&gt;&amp;"},
    "discord": {
        "embeds": [{"title": "Books", "description": "Closed — <b>&"}],
        "allowed_mentions": {"parse": []},
    },
    "gchat": {"text": "*Books*\nClosed — <b>&"},
    "mmosts": {"text": "**Books**\nClosed — <b>&"},
    "ntfys": {"topic": "the-books", "title": "Books", "message": "Closed — <b>&"},
    "workflows": {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": CARD,
            }
        ],
    },
    "jsons": {
        "version": "1.0",
        "title": "Books",
        "message": "Closed — <b>&",
        "attachments": [],
        "type": "info",
    },
}


@pytest.fixture
def hosts(chat, monkeypatch) -> list[str]:
    """Each request goes to the chat server of the test. Returns the hosts that were meant."""
    meant: list[str] = []
    post = posting.post

    def redirected(url, headers, body):
        parts = urlsplit(url)
        meant.append(parts.netloc)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return post(f"http://127.0.0.1:{chat.port}{path}", headers, body)

    monkeypatch.setattr(posting, "post", redirected)
    return meant


def announced_to(address, text="Closed — <b>&"):
    """The delivery of an announcement to a channel with the address, and the channel."""
    channel = dispatch(AddNotificationChannel(name="Chat", address=address), actor=TESTS)
    notice = dispatch(SendAnnouncement(subject="Books", text=text, kind="note"), actor=TESTS)
    send_due_notices()
    return notice.deliveries.get(), channel


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_service_receives_its_documented_payload(at_acme, chat, hosts, address):
    service, host, path = ADDRESSES[address]
    chat.expect_request(path.partition("?")[0], method="POST").respond_with_data("ok")

    delivery, channel = announced_to(address)

    ((request, _),) = chat.log
    assert (delivery.state, channel.masked_address) == ("sent", f"{service} at {host}")
    assert hosts == [host]
    assert request.headers["Content-Type"] == "application/json"
    assert request.environ["REQUEST_URI"] == path
    assert json.loads(request.data) == PAYLOADS[service]


def test_every_service_has_an_address_and_a_payload_in_these_tests():
    tested = {service for service, *_ in ADDRESSES.values()} | {"json"}
    assert tested | ISSUE_TRACKERS == set(SERVICES), "Those with issues are in test_issues.py."


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ("tk_secret", "Bearer tk_secret"),
        ("phil:my%40pass", "Basic cGhpbDpteUBwYXNz"),
    ],
)
def test_a_protected_topic_receives_the_credentials_of_the_address(at_acme, chat, hosts, user, header):
    chat.expect_request("/", method="POST").respond_with_data("ok")

    delivery, channel = announced_to(f"ntfys://{user}@ntfy.example.com/topic")

    assert chat.log[0][0].headers["Authorization"] == header
    assert (delivery.state, channel.masked_address) == ("sent", "ntfys at ntfy.example.com")


def test_a_long_text_is_two_embeds_of_discord(at_acme, chat, hosts):
    chat.expect_request(DISCORD).respond_with_data("ok")

    announced_to(f"https://discord.com{DISCORD}", text="é" * 5_000)

    embeds = json.loads(chat.log[0][0].data)["embeds"]
    assert [len(embed["description"]) for embed in embeds] == [4_096, 904]


def test_a_text_too_long_for_ntfy_is_shortened_within_a_character(at_acme, chat, hosts):
    chat.expect_request("/").respond_with_data("ok")

    announced_to("ntfys://ntfy.example.com/topic", text="é" * 5_000)

    message = json.loads(chat.log[0][0].data)["message"]
    assert message == "é" * 2_046 + "…"
    assert len(message.encode()) <= 4_096
