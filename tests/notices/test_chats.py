"""Messages into chats: over a real line, to where they may go, and nowhere else."""

from __future__ import annotations

import json
import sys

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.kernel import outbound
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.notices import sending
from apps.notices.channels import chat as chats
from apps.notices.commands import (
    AddTarget,
    RemoveTarget,
    ResealAddresses,
    SendCopyAgain,
    TellPeople,
    TryTarget,
)
from apps.notices.errors import (
    ChatAddressRefused,
    KindUnknown,
    TargetIsRemoved,
    TargetNameTaken,
    TargetNotFound,
)
from apps.notices.models import Copy, Target
from tests.support.letters import deliver

US = System("The suite")
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
ADDRESSES = {
    SLACK: ("slack at hooks.slack.com", SLACK),
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": ("slack at hooks.slack.com", SLACK),
    "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": (
        "discord at discord.com",
        "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    ),
    "gchat://workspace/key/token": ("gchat at chat.googleapis.com", "https://chat.googleapis.com/v1/spaces/"),
    "mmosts://mattermost.example.com/8f2bb1c7a3de": (
        "mmosts at mattermost.example.com",
        "https://mattermost.example.com/hooks/8f2bb1c7a3de",
    ),
    "ntfys://ntfy.example.com/topic": ("ntfys at ntfy.example.com", "https://ntfy.example.com"),
    "workflows://prod-1.westeurope.logic.azure.com:443/643e69f83c8944/4d8c2e/": (
        "workflows at prod-1.westeurope.logic.azure.com",
        "https://prod-1.westeurope.logic.azure.com:443/",
    ),
    "jsons://hooks.example.com/a/b": ("jsons at hooks.example.com", "https://hooks.example.com/a/b"),
}


def add(server, actor=US, path="/room", name="Room", **more) -> Target:
    address = f"json://127.0.0.1:{server.port}{path}"
    return dispatch(AddTarget(name=name, address=address, **more), actor=actor)


def tell(kind="note", **more):
    words = {"subject": "The books", "text": "They are closed.", "kind": kind}
    return dispatch(TellPeople(**(words | more)), actor=US)


def posted(server):
    return [json.loads(request.data) for request, _ in server.log]


class TestTelling:
    def test_a_chat_is_told(self, at_acme, owner, chat):
        target = add(chat, owner)
        tell()
        deliver()

        (said,) = posted(chat)
        assert (said["title"], said["message"]) == ("The books", "They are closed.")
        assert Copy.objects.get().state == "sent"
        target.refresh_from_db()
        assert target.last_outcome == "It was taken."

    def test_it_hears_the_kinds_it_names(self, at_acme, chat):
        add(chat, kinds=("support_session.opened",))
        tell("note")
        tell("support_session.opened")
        deliver()

        assert len(posted(chat)) == 1

    def test_letters_alone_where_that_is_asked(self, at_acme, chat):
        add(chat)
        assert not tell(channels=("email",)).copies.exists()

    def test_the_platform_has_chats_of_its_own(self, acme, operator, chat):
        add(chat, operator)
        with activate(acme):
            assert not tell().copies.exists()
        assert tell().copies.count() == 1

    def test_it_can_be_tried(self, at_acme, owner, chat):
        dispatch(TryTarget(target_id=add(chat, owner).pk), actor=owner)
        deliver()

        assert posted(chat)[0]["message"] == "Room can be told something here."

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_each_service_posts_over_our_line(self, at_acme, monkeypatch, address):
        shown, url = ADDRESSES[address]
        posts = []

        def post(url, headers, body):
            posts.append((url, body))
            return outbound.Answer(200, "ok", "", 1)

        monkeypatch.setattr(outbound, "post", post)
        target = dispatch(AddTarget(name="Chat", address=address), actor=US)
        copy = tell().copies.get()
        deliver()

        copy.refresh_from_db()
        assert (copy.state, target.shown) == ("sent", shown)
        assert posts[0][0].startswith(url)
        assert b"They are closed." in posts[0][1]


class TestTroubles:
    @pytest.mark.parametrize(("status", "said"), [(500, "It answered 500."), (302, "It answered 302.")])
    def test_what_was_not_taken_is_tried_again(self, at_acme, chat, later, status, said):
        chat.expect_request("/severe").respond_with_data("no", status, {"Location": "/room"})
        add(chat, path="/severe")
        copy = tell().copies.get()
        deliver()

        copy.refresh_from_db()
        assert (copy.state, copy.attempts, copy.last_outcome) == ("waiting", 1, said)
        assert [request.path for request, _ in chat.log] == ["/severe"]
        chat.clear_all_handlers()
        chat.expect_request("/severe").respond_with_data("ok")
        with later(minutes=2):
            deliver()
        copy.refresh_from_db()
        assert (copy.state, copy.attempts) == ("sent", 2)

    def test_one_that_is_away(self, at_acme, chat):
        add(chat)
        chat.stop()
        copy = tell().copies.get()
        deliver()

        copy.refresh_from_db()
        assert (copy.state, copy.last_outcome) == ("waiting", "It refuses the connection.")

    def test_no_proxy_of_the_environment_is_asked(self, at_acme, chat, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        add(chat)
        tell()
        deliver()

        assert len(posted(chat)) == 1

    def test_a_name_that_has_changed_its_mind_is_not_followed(self, at_acme, monkeypatch):
        monkeypatch.setattr(
            outbound.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("10.0.0.7", 443))]
        )
        dispatch(AddTarget(name="Trap", address="jsons://innocent.example/secret-path"), actor=US)
        copy = tell().copies.get()
        deliver()

        copy.refresh_from_db()
        assert copy.last_outcome == "The address cannot be told anything: it is not in the open internet."
        assert "secret-path" not in copy.last_outcome

    def test_a_service_that_is_no_longer_allowed(self, at_acme, chat, settings):
        add(chat)
        copy = tell().copies.get()
        settings.NOTICE_SCHEMES = ["slack"]
        deliver()

        copy.refresh_from_db()
        assert (copy.state, copy.last_outcome) == (
            "dead",
            "The address cannot be told anything: it must be one of slack.",
        )
        assert chat.log == []


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "",
            "nonsense",
            "exec://rm",
            "file:///etc/passwd",
            "dbus://",
            "syslog://",
            "mailto://user:password@gmail.com",
            "json://10.0.0.7/x",
            "json://metadata.internal/x",
            "jsons://127.0.0.1/x",
            "jsons://localhost/x",
            "jsons://169.254.169.254/latest/meta-data",
            "jsons://[::1]/x",
            "jsons://0x7f000001/x",
            "jsons://hooks.example.com:8443/x",
            "mmost://mattermost.example.com/token",
            "ntfys://10.0.0.7/topic",
            "slack://nonsense",
            "https://hooks.slack.com/other",
            "https://hooks.example.com/x",
            "http://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "workflows://prod-1.example.com:443/a/b/?template=/etc/passwd",
            SLACK + "?template=file:///etc/passwd",
            "jsons://hooks.example.com/?method=GET",
            "jsons://hooks.example.com/?verify=no",
            "jsons://hooks.example.com/ x",
            "slack://x" + "x" * 2_000,
        ],
    )
    def test_nothing_else_may_be_told(self, at_acme, owner, address):
        with pytest.raises(ChatAddressRefused) as refused:
            dispatch(AddTarget(name="Chat", address=address), actor=owner)
        assert not Target.objects.exists()
        assert len(address) < 5 or address not in str(refused.value)

    def test_no_other_service_was_ever_loaded(self, at_acme):
        for address in ("exec://rm", "dbus://", "syslog://", "mailto://user:password@gmail.com"):
            with pytest.raises(ChatAddressRefused):
                chats.shown(address)

        loaded = {
            name.rpartition(".")[2]
            for name in sys.modules
            if name.startswith("apprise.plugins.") and name.count(".") == 2
        }
        assert not loaded & {"dbus", "syslog", "email", "gnome", "windows", "smpp", "aprs"}

    def test_a_service_can_only_post(self, at_acme):
        with pytest.raises(chats.requests.RequestException):
            chats._ours.request("GET", "https://hooks.slack.com/")
        assert not hasattr(chats._ours, "Session")

    def test_it_is_sealed_and_nowhere_to_be_seen(self, at_acme, owner):
        target = dispatch(AddTarget(name="Chat", address=SLACK), actor=owner)

        assert target.opened() == SLACK
        secret = SLACK.rpartition("/")[2]
        record = Record.objects.filter(command="notices.add_target").last()
        assert secret not in json.dumps([str(vars(record)), *map(str, target.history.values())])
        assert secret not in target.sealed + target.shown

    def test_it_opens_in_its_own_row_alone(self, at_acme, owner):
        one = dispatch(AddTarget(name="One", address=SLACK), actor=owner)
        two = dispatch(AddTarget(name="Two", address="jsons://hooks.example.com/two"), actor=owner)
        two.sealed = one.sealed
        two.save(update_fields=["sealed"])

        copy = tell().copies.get(target=two)
        sending.send_next(copy.notice_id)
        sending.send_next(copy.notice_id)

        copy.refresh_from_db()
        assert copy.last_outcome == "Something went wrong here: SecretUnreadable."

    def test_a_new_key_seals_anew(self, at_acme, settings, owner):
        target = dispatch(AddTarget(name="Chat", address=SLACK), actor=owner)
        settings.FIELD_KEYS = [f"new:{settings.FIELD_KEYS[0].partition(':')[2]}", *settings.FIELD_KEYS]

        assert dispatch(ResealAddresses(), actor=US) == 1
        assert dispatch(ResealAddresses(), actor=US) == 0

        target.refresh_from_db()
        assert target.sealed.startswith("new:")
        assert target.opened() == SLACK


class TestTargets:
    def test_one_that_is_removed_is_told_nothing_more(self, at_acme, owner, chat):
        target = add(chat, owner)
        copy = tell().copies.get()

        dispatch(RemoveTarget(target_id=target.pk, reason="The room was closed."), actor=owner)
        deliver()

        assert chat.log == []
        copy.refresh_from_db()
        target.refresh_from_db()
        assert (copy.state, copy.last_outcome, target.sealed) == ("dead", "The target was removed.", "")
        assert not tell().copies.exists()
        for command in (TryTarget(target_id=target.pk), SendCopyAgain(copy_id=copy.pk)):
            with pytest.raises(TargetIsRemoved):
                dispatch(command, actor=owner)

    def test_its_name_is_free_again(self, at_acme, owner, chat):
        first = add(chat, owner)
        with pytest.raises(TargetNameTaken):
            add(chat, owner)
        dispatch(RemoveTarget(target_id=first.pk, reason="Another room."), actor=owner)
        add(chat, owner)

    def test_a_kind_that_nobody_tells_is_refused(self, at_acme, owner, chat):
        with pytest.raises(KindUnknown):
            add(chat, owner, kinds=("gossip",))

    def test_of_globex_acme_knows_nothing(self, acme, globex, owner, chat):
        with activate(globex):
            target = add(chat)
        with activate(acme), pytest.raises(TargetNotFound):
            dispatch(TryTarget(target_id=target.pk), actor=owner)

    def test_not_everybody_may(self, at_acme, auditor, chat):
        with pytest.raises(PermissionDenied):
            add(chat, auditor)
