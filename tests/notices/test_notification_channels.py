"""Notices to notification channels: over real connections, and only to permitted addresses."""

from __future__ import annotations

import json

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.kernel.actors import System
from apps.kernel.outbound import resolving
from apps.kernel.tenant import activate
from apps.notices import sending
from apps.notices.commands import (
    AddNotificationChannel,
    RemoveNotificationChannel,
    ResealAddresses,
    ResendNoticeDelivery,
    SendAnnouncement,
    SendTestMessage,
)
from apps.notices.errors import (
    ChatAddressRefused,
    KindUnknown,
    NotificationChannelIsRemoved,
    NotificationChannelNameTaken,
    NotificationChannelNotFound,
)
from apps.notices.models import NoticeDelivery, NotificationChannel
from tests.support.notices import send_due_notices

TESTS = System("Tests")
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def add(server, actor=TESTS, path="/hook", name="Ops", **more) -> NotificationChannel:
    address = f"json://127.0.0.1:{server.port}{path}"
    return dispatch(AddNotificationChannel(name=name, address=address, **more), actor=actor)


def announce(kind="note", **options):
    fields = {"subject": "The books", "text": "They are closed.", "kind": kind}
    return dispatch(SendAnnouncement(**(fields | options)), actor=TESTS)


def posted(server):
    return [json.loads(request.data) for request, _ in server.log]


class TestSending:
    def test_a_notice_is_posted_to_a_channel(self, at_acme, owner, chat):
        channel = add(chat, owner)
        announce()
        send_due_notices()

        (payload,) = posted(chat)
        assert (payload["title"], payload["message"]) == ("The books", "They are closed.")
        assert NoticeDelivery.objects.get().state == "sent"
        channel.refresh_from_db()
        assert channel.last_outcome == "Accepted."

    def test_a_channel_receives_only_its_selected_kinds(self, at_acme, chat):
        add(chat, kinds=("support_session.opened",))
        announce("note")
        announce("support_session.opened")
        send_due_notices()

        assert len(posted(chat)) == 1

    def test_an_announcement_by_email_only_has_no_channel_deliveries(self, at_acme, chat):
        add(chat)
        assert not announce(transports=("email",)).deliveries.exists()

    def test_notices_of_a_tenant_skip_the_channels_of_the_platform(self, acme, operator, chat):
        add(chat, operator)
        with activate(acme):
            assert not announce().deliveries.exists()
        assert announce().deliveries.count() == 1

    def test_a_test_message_is_posted_to_its_channel(self, at_acme, owner, chat):
        dispatch(SendTestMessage(channel_id=add(chat, owner).pk), actor=owner)
        send_due_notices()

        assert posted(chat)[0]["message"] == "Notices for Ops arrive here."


class TestFailures:
    @pytest.mark.parametrize(("status", "outcome"), [(500, "It answered 500."), (302, "It answered 302.")])
    def test_a_rejected_message_is_retried(self, at_acme, chat, later, status, outcome):
        chat.expect_request("/severe").respond_with_data("no", status, {"Location": "/hook"})
        add(chat, path="/severe")
        delivery = announce().deliveries.get()
        send_due_notices()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.last_error) == ("waiting", 1, outcome)
        assert [request.path for request, _ in chat.log] == ["/severe"]
        chat.clear_all_handlers()
        chat.expect_request("/severe").respond_with_data("ok")
        with later(minutes=2):
            send_due_notices()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("sent", 2)

    def test_delivery_to_an_unreachable_channel_waits(self, at_acme, chat):
        add(chat)
        chat.stop()
        delivery = announce().deliveries.get()
        send_due_notices()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.last_error) == ("waiting", "It refuses the connection.")

    def test_proxies_of_the_environment_are_ignored(self, at_acme, chat, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        add(chat)
        announce()
        send_due_notices()

        assert len(posted(chat)) == 1

    def test_a_host_that_resolves_to_a_private_address_is_refused(self, at_acme, monkeypatch):
        monkeypatch.setattr(
            resolving.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("10.0.0.7", 443))]
        )
        dispatch(
            AddNotificationChannel(name="Trap", address="jsons://innocent.example/secret-path"), actor=TESTS
        )
        delivery = announce().deliveries.get()
        send_due_notices()

        delivery.refresh_from_db()
        assert delivery.last_error == "The address cannot be used: it is not a public address."
        assert "secret-path" not in delivery.last_error

    def test_delivery_by_a_disabled_service_fails(self, at_acme, chat, settings):
        add(chat)
        delivery = announce().deliveries.get()
        settings.NOTICE_SCHEMES = ["slack"]
        send_due_notices()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.last_error) == (
            "failed",
            "The address cannot be used: it must be one of slack.",
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
            "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#channel",
            "slack://xoxb-1-2-3/channel",
            "discord://4174216298/token/more",
            "mmosts://mattermost.example.com/a?channel=town-square",
            "ntfys://ntfy.example.com/one/two",
            "gchat://space/key/token?thread=1",
            "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=a&token=b&threadKey=c",
            "https://chat.googleapis.com.example.com/v1/spaces/AAAA/messages?key=a&token=b",
            "https://x.logic.azure.com.example.com/workflows/1/triggers/manual/paths/invoke?sig=a",
            "https://x.logic.azure.com:8443/workflows/1/triggers/manual/paths/invoke?sig=a",
            "workflows://hooks.example.com/a/b",
            "jsons://user@other@hooks.example.com/x",
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
    def test_a_forbidden_address_is_refused(self, at_acme, owner, address):
        with pytest.raises(ChatAddressRefused) as refused:
            dispatch(AddNotificationChannel(name="ChatTransport", address=address), actor=owner)
        assert not NotificationChannel.objects.exists()
        assert len(address) < 5 or address not in str(refused.value)

    def test_an_address_appears_only_encrypted(self, at_acme, owner):
        channel = dispatch(AddNotificationChannel(name="ChatTransport", address=SLACK), actor=owner)

        assert channel.opened() == SLACK
        secret = SLACK.rpartition("/")[2]
        record = Record.objects.filter(command="notices.add_notification_channel").last()
        assert secret not in json.dumps([str(vars(record)), *map(str, channel.history.values())])
        assert secret not in channel.sealed + channel.masked_address

    def test_an_encrypted_address_copied_to_another_row_is_unreadable(self, at_acme, owner):
        one = dispatch(AddNotificationChannel(name="One", address=SLACK), actor=owner)
        two = dispatch(
            AddNotificationChannel(name="Two", address="jsons://hooks.example.com/two"), actor=owner
        )
        two.sealed = one.sealed
        two.save(update_fields=["sealed"])

        delivery = announce().deliveries.get(channel=two)
        sending.send_next(delivery.notice_id)
        sending.send_next(delivery.notice_id)

        delivery.refresh_from_db()
        assert delivery.last_error == "Internal error: SecretUnreadable."

    def test_resealing_encrypts_addresses_with_the_new_key(self, at_acme, settings, owner):
        channel = dispatch(AddNotificationChannel(name="ChatTransport", address=SLACK), actor=owner)
        settings.FIELD_KEYS = [f"new:{settings.FIELD_KEYS[0].partition(':')[2]}", *settings.FIELD_KEYS]

        assert dispatch(ResealAddresses(), actor=TESTS) == 1
        assert dispatch(ResealAddresses(), actor=TESTS) == 0

        channel.refresh_from_db()
        assert channel.sealed.startswith("new:")
        assert channel.opened() == SLACK


class TestRemoval:
    def test_a_removed_channel_gets_no_more_notices(self, at_acme, owner, chat):
        channel = add(chat, owner)
        delivery = announce().deliveries.get()

        dispatch(RemoveNotificationChannel(channel_id=channel.pk, reason="The room was closed."), actor=owner)
        send_due_notices()

        assert chat.log == []
        delivery.refresh_from_db()
        channel.refresh_from_db()
        assert (delivery.state, delivery.last_error, channel.sealed) == (
            "failed",
            "The notification channel was removed.",
            "",
        )
        assert not announce().deliveries.exists()
        for command in (
            SendTestMessage(channel_id=channel.pk),
            ResendNoticeDelivery(notice_delivery_id=delivery.pk),
        ):
            with pytest.raises(NotificationChannelIsRemoved):
                dispatch(command, actor=owner)

    def test_the_name_of_a_removed_channel_can_be_reused(self, at_acme, owner, chat):
        first = add(chat, owner)
        with pytest.raises(NotificationChannelNameTaken):
            add(chat, owner)
        dispatch(RemoveNotificationChannel(channel_id=first.pk, reason="Another room."), actor=owner)
        add(chat, owner)

    def test_an_unknown_kind_is_refused(self, at_acme, owner, chat):
        with pytest.raises(KindUnknown):
            add(chat, owner, kinds=("gossip",))

    def test_a_channel_of_another_tenant_is_not_found(self, acme, globex, owner, chat):
        with activate(globex):
            channel = add(chat)
        with activate(acme), pytest.raises(NotificationChannelNotFound):
            dispatch(SendTestMessage(channel_id=channel.pk), actor=owner)

    def test_adding_a_channel_without_permission_is_refused(self, at_acme, auditor, chat):
        with pytest.raises(PermissionDenied):
            add(chat, auditor)
