"""Announcements by e-mail: recipients, refusals, retries and concurrent workers."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.kernel.actors import System
from apps.kernel.db.retries import WORKER_LOST
from apps.kernel.errors import SeveralRefusals
from apps.kernel.tenant import activate
from apps.notices import queries, sending, tasks
from apps.notices.commands import ResendNoticeDelivery, SendAnnouncement
from apps.notices.errors import (
    AudienceUnknown,
    KindUnknown,
    MessageMissing,
    NoticeDeliveryInProgress,
    RecipientNotAllowed,
    TransportUnknown,
)
from apps.notices.models import Notice, NoticeDelivery
from tests.support.notices import send_due_notices

TESTS = System("Tests")


def announce(actor=TESTS, **options) -> Notice:
    defaults = {"subject": "The books", "text": "They are closed.", "to": ("owner",)}
    return dispatch(SendAnnouncement(**(defaults | options)), actor=actor)


def states(notice):
    return dict(notice.deliveries.order_by("address").values_list("address", "state"))


class TestEmails:
    def test_each_user_with_a_named_role_gets_an_email(self, at_acme, owner, mail_server):
        notice = announce(owner, to=("owner", "auditor"))
        send_due_notices()

        assert sorted(mail_server.recipients) == ["auditor@acme.example", "owner@acme.example"]
        assert set(states(notice).values()) == {"sent"}

    def test_an_email_is_plain_text_marked_as_generated(self, at_acme, mail_server):
        notice = announce(text="They are <closed> & done.", kind="support_session.opened")
        send_due_notices()

        ((_, message),) = mail_server.emails
        text = message.get_content().replace("\r\n", "\n")
        assert message["Subject"] == "The books"
        assert message.get_content_type() == "text/plain"
        assert text.startswith("They are <closed> & done.\n\n-- \nBursar, for Acme Corporation: ")
        assert (
            "/t/acme/\nYou receive this because the platform's support opened a session in your tenant."
            in text
        )
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"] == f"<{notice.deliveries.get().ref}@localhost>"

    def test_recipients_do_not_see_each_other(self, at_acme, mail_server):
        announce(to=("owner", "controller"))
        send_due_notices()

        assert {message["To"] for _, message in mail_server.emails} == set(mail_server.recipients)
        assert len(mail_server.recipients) == 2

    def test_a_recipient_named_twice_gets_one_email(self, at_acme, mail_server):
        announce(to=("owner", "OWNER@acme.example"))
        send_due_notices()

        assert mail_server.recipients == ["owner@acme.example"]

    def test_the_platform_sends_to_operators_as_well_as_external_addresses(self, operator, mail_server):
        announce(operator, to=("operators", "customer@elsewhere.example"))
        send_due_notices()

        assert sorted(mail_server.recipients) == ["customer@elsewhere.example", "operator@bursar.example"]
        assert "Bursar, for the platform" in mail_server.emails[0][1].get_content()

    def test_an_inactive_user_gets_no_email(self, at_acme, mail_server, controller):
        controller.is_active = False
        controller.save(update_fields=["is_active"])

        notice = announce(to=("controller",))

        assert states(notice) == {}

    def test_a_rolled_back_announcement_is_not_sent(self, at_acme, mail_server, hints_sent):
        with transaction.atomic():
            announce()
            assert hints_sent == []
            transaction.set_rollback(True)
        send_due_notices()

        assert (mail_server.emails, hints_sent, Notice.objects.count()) == ([], [], 0)

    def test_an_announcement_sends_a_hint_to_a_worker(self, at_acme, mail_server, hints_sent):
        notice = announce()

        assert [hint.pk for hint in hints_sent] == [notice.pk]

    def test_the_audit_log_names_the_sender(self, at_acme, owner):
        announce(owner)

        record = Record.objects.filter(command="notices.send_announcement").last()
        assert record.sentence == f"{owner} sent the announcement The books (note)."


class TestRefusals:
    @pytest.mark.parametrize(
        ("wrong", "refusal"),
        [
            ({"kind": "gossip"}, KindUnknown),
            ({"transports": ("pigeon",)}, TransportUnknown),
            ({"subject": " "}, MessageMissing),
            ({"subject": "Hello\r\nBcc: all@world.example"}, MessageMissing),
            ({"text": ""}, MessageMissing),
            ({"text": "x" * 5_001}, MessageMissing),
            ({"to": ("all-users",)}, AudienceUnknown),
            ({"to": ("operators",)}, AudienceUnknown),
            ({"to": ("a@b@c",)}, AudienceUnknown),
        ],
    )
    def test_an_invalid_announcement_is_refused(self, at_acme, owner, wrong, refusal):
        with pytest.raises(refusal):
            announce(owner, **wrong)
        assert not Notice.objects.exists()

    def test_an_address_outside_the_tenant_is_refused(self, at_acme, owner):
        for stranger in ("stranger@world.example", "owner@globex.example", "operator@bursar.example"):
            with pytest.raises(RecipientNotAllowed):
                announce(owner, to=(stranger,))

    def test_several_refusals_are_reported_together(self, at_acme):
        with pytest.raises(SeveralRefusals) as refused:
            announce(kind="gossip", subject="", to=("all-users",))
        assert {type(refusal) for refusal in refused.value.refusals} == {
            KindUnknown,
            MessageMissing,
            AudienceUnknown,
        }

    def test_an_announcement_without_permission_is_refused(self, at_acme, auditor):
        with pytest.raises(PermissionDenied):
            announce(auditor)


class TestDelivery:
    def test_a_second_announcement_with_the_same_key_returns_the_first(self, at_acme, mail_server):
        first = announce(key="closed:2026-01")
        second = announce(key="closed:2026-01", text="Another text.")
        send_due_notices()

        assert first == second
        assert len(mail_server.emails) == 1

    def test_concurrent_announcements_with_one_key_create_one_notice(self, acme, mail_server):
        barrier, seen = threading.Barrier(2), []

        def one():
            with activate(acme):
                barrier.wait()
                try:
                    seen.append(announce(key="closed").pk)
                except Exception as error:
                    seen.append(type(error).__name__)

        threads = [threading.Thread(target=one) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        with activate(acme):
            (notice,) = Notice.objects.all()
        assert set(seen) <= {notice.pk, "AlreadyNotified"}

    def test_an_unreachable_mail_server_is_retried_until_the_delivery_fails(self, at_acme, settings, later):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        delivery = announce().deliveries.get()
        send_due_notices()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("waiting", 1)
        assert delivery.last_error == "The mail server could not be reached: ConnectionRefusedError."
        assert not sending.send_next(delivery.notice_id)
        for hours in (1, 2, 5, 12, 24):
            with later(hours=hours):
                send_due_notices()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("failed", sending.BACKOFF.max_attempts)

    def test_delivery_to_an_unknown_mailbox_fails_at_once(self, at_acme, mail_server):
        mail_server.refusing["owner@acme.example"] = "550 no such user"
        delivery = announce().deliveries.get()
        send_due_notices()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.last_error) == (
            "failed",
            "The mail server answered 550 no such user",
        )

    def test_a_full_mailbox_is_retried_without_delaying_other_recipients(self, at_acme, mail_server, later):
        mail_server.refusing["owner@acme.example"] = "452 mailbox full"
        notice = announce(to=("owner", "controller"))
        send_due_notices()

        assert states(notice) == {"controller@acme.example": "sent", "owner@acme.example": "waiting"}
        mail_server.refusing.clear()
        with later(minutes=2):
            send_due_notices()
        assert states(notice)["owner@acme.example"] == "sent"
        assert mail_server.recipients == ["controller@acme.example", "owner@acme.example"]

    def test_a_delivery_whose_worker_died_after_sending_keeps_its_message_id(
        self, at_acme, mail_server, monkeypatch, later
    ):
        class WorkerDied(BaseException):
            pass

        def die(*_):
            raise WorkerDied

        announce()
        with monkeypatch.context() as patch, pytest.raises(WorkerDied):
            patch.setattr(sending, "record", die)
            send_due_notices()
        send_due_notices()  # still leased by the worker that died
        assert len(mail_server.emails) == 1
        with later(minutes=10):
            send_due_notices()

        first, second = (message["Message-ID"] for _, message in mail_server.emails)
        assert first == second
        assert NoticeDelivery.objects.get().state == "sent"

    def test_a_delivery_whose_worker_dies_each_time_fails(self, at_acme, later):
        delivery = announce().deliveries.get()
        for hours in range(0, 100, 10):
            with later(hours=hours):
                sending.claim(delivery.notice_id)

        delivery.refresh_from_db()
        assert (delivery.state, delivery.last_error) == ("failed", WORKER_LOST)

    def test_concurrent_workers_send_each_delivery_once(self, acme, mail_server):
        with activate(acme):
            notice = announce(to=("owner", "controller", "accountant", "auditor"))

        def work():
            with activate(acme):
                sending.send_due(notice.pk)

        threads = [threading.Thread(target=work) for _ in range(3)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        assert len(mail_server.recipients) == len(set(mail_server.recipients)) == 4

    def test_a_failed_delivery_can_be_resent(self, at_acme, owner, mail_server):
        mail_server.refusing["owner@acme.example"] = "550 no"
        delivery = announce().deliveries.get()
        send_due_notices()
        mail_server.refusing.clear()

        dispatch(ResendNoticeDelivery(notice_delivery_id=delivery.pk), actor=owner)
        send_due_notices()

        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("sent", 1)

    def test_resending_a_delivery_in_progress_is_refused(self, at_acme, owner):
        delivery = sending.claim(announce().pk)

        with pytest.raises(NoticeDeliveryInProgress):
            dispatch(ResendNoticeDelivery(notice_delivery_id=delivery.pk), actor=owner)

    def test_deliveries_of_a_closed_tenant_wait_without_losing_attempts(self, acme, mail_server):
        from dataclasses import replace

        with activate(acme):
            notice = announce()
        with activate(replace(acme, state="suspended")):
            send_due_notices()
        assert mail_server.emails == []
        with activate(acme):
            assert notice.deliveries.get().attempts == 0
            send_due_notices()
        assert len(mail_server.emails) == 1

    def test_a_delivered_notice_is_purged_after_a_year(self, at_acme, mail_server, later):
        announce()
        send_due_notices()
        waiting = announce(to=("controller",))

        with later(days=366):
            tasks.purge.run()
        assert Notice.objects.get() == waiting


def test_the_sweep_sends_a_hint_for_each_due_notice(at_acme, mail_server, hints_sent):
    announce()
    send_due_notices()
    notice = announce(to=("controller",))
    hints_sent.clear()

    tasks.sweep.run()

    assert [hint.pk for hint in hints_sent] == [notice.pk]


@pytest.mark.parametrize("more", [True, False])
def test_a_task_after_its_timeout_sends_a_hint_for_the_rest(at_acme, hints_sent, monkeypatch, more):
    notice = announce()
    hints_sent.clear()
    monkeypatch.setattr(sending, "send_due", lambda notice_id: more)

    tasks.send.run(notice.pk)

    assert [hint.pk for hint in hints_sent] == ([notice.pk] if more else [])


def test_a_tenant_sees_no_notices_of_another_tenant(acme, globex, mail_server):
    with activate(acme):
        announce()
    with activate(globex):
        assert not Notice.objects.exists()
        assert queries.notices_with_due_deliveries() == []
    assert not Notice.objects.exists()
