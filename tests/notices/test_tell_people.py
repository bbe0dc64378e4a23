"""From a command to people who know, whatever goes wrong on the way."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.kernel.actors import System
from apps.kernel.errors import SeveralRefusals
from apps.kernel.tenant import activate
from apps.notices import queries, sending, tasks
from apps.notices.commands import SendCopyAgain, TellPeople
from apps.notices.errors import (
    AudienceUnknown,
    ChannelUnknown,
    CopyIsUnderWay,
    KindUnknown,
    StrangerNotTold,
    WordsMissing,
)
from apps.notices.models import Copy, Notice
from tests.support.letters import deliver

US = System("The suite")


def tell(actor=US, **more) -> Notice:
    words = {"subject": "The books", "text": "They are closed.", "to": ("owner",)}
    return dispatch(TellPeople(**(words | more)), actor=actor)


def states(notice):
    return dict(notice.copies.order_by("address").values_list("address", "state"))


class TestLetters:
    def test_a_role_is_told(self, at_acme, owner, post):
        notice = tell(owner, to=("owner", "auditor"))
        deliver()

        assert sorted(post.receivers) == ["auditor@acme.example", "owner@acme.example"]
        assert set(states(notice).values()) == {"sent"}

    def test_the_letter_is_plain_and_short(self, at_acme, post):
        notice = tell(text="They are <closed> & done.", kind="support_session.opened")
        deliver()

        ((_, letter),) = post.letters
        said = letter.get_content().replace("\r\n", "\n")
        assert letter["Subject"] == "The books"
        assert letter.get_content_type() == "text/plain"
        assert said.startswith("They are <closed> & done.\n\n-- \nBursar, for Acme Corporation: ")
        assert "/t/acme/\nYou receive this because somebody of the platform's support came in." in said
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["Message-ID"] == f"<{notice.copies.get().ref}@localhost>"

    def test_nobody_sees_who_else_was_told(self, at_acme, post):
        tell(to=("owner", "controller"))
        deliver()

        assert {letter["To"] for _, letter in post.letters} == set(post.receivers)
        assert len(post.receivers) == 2

    def test_who_is_named_twice_is_told_once(self, at_acme, post):
        tell(to=("owner", "OWNER@acme.example"))
        deliver()

        assert post.receivers == ["owner@acme.example"]

    def test_the_platform_tells_its_operators_and_anybody(self, operator, post):
        tell(operator, to=("operators", "customer@elsewhere.example"))
        deliver()

        assert sorted(post.receivers) == ["customer@elsewhere.example", "operator@bursar.example"]
        assert "Bursar, for the platform" in post.letters[0][1].get_content()

    def test_whoever_cannot_sign_in_is_not_told(self, at_acme, post, controller):
        controller.is_active = False
        controller.save(update_fields=["is_active"])

        notice = tell(to=("controller",))

        assert states(notice) == {}

    def test_nothing_is_told_before_the_commit(self, at_acme, post, hinted):
        with transaction.atomic():
            tell()
            assert hinted == []
            transaction.set_rollback(True)
        deliver()

        assert (post.letters, hinted, Notice.objects.count()) == ([], [], 0)

    def test_a_worker_is_hinted_at_it(self, at_acme, post, hinted):
        notice = tell()

        assert hinted == [notice.pk]

    def test_the_audit_log_says_who_told(self, at_acme, owner):
        tell(owner)

        record = Record.objects.filter(command="notices.tell_people").last()
        assert record.sentence == f"{owner} told people: The books (note)."


class TestRefusals:
    @pytest.mark.parametrize(
        ("wrong", "refusal"),
        [
            ({"kind": "gossip"}, KindUnknown),
            ({"channels": ("pigeon",)}, ChannelUnknown),
            ({"subject": " "}, WordsMissing),
            ({"subject": "Hello\r\nBcc: all@world.example"}, WordsMissing),
            ({"text": ""}, WordsMissing),
            ({"text": "x" * 5_001}, WordsMissing),
            ({"to": ("everybody",)}, AudienceUnknown),
            ({"to": ("operators",)}, AudienceUnknown),
            ({"to": ("a@b@c",)}, AudienceUnknown),
        ],
    )
    def test_what_cannot_be_told(self, at_acme, owner, wrong, refusal):
        with pytest.raises(refusal):
            tell(owner, **wrong)
        assert not Notice.objects.exists()

    def test_a_tenant_writes_to_its_own_people_alone(self, at_acme, owner):
        for stranger in ("somebody@world.example", "owner@globex.example", "operator@bursar.example"):
            with pytest.raises(StrangerNotTold):
                tell(owner, to=(stranger,))

    def test_all_that_is_wrong_is_said_together(self, at_acme):
        with pytest.raises(SeveralRefusals) as refused:
            tell(kind="gossip", subject="", to=("everybody",))
        assert {type(refusal) for refusal in refused.value.refusals} == {
            KindUnknown,
            WordsMissing,
            AudienceUnknown,
        }

    def test_not_everybody_may(self, at_acme, auditor):
        with pytest.raises(PermissionDenied):
            tell(auditor)


class TestTroubles:
    def test_what_was_told_under_a_key_is_told_once(self, at_acme, post):
        first = tell(key="closed:2026-01")
        again = tell(key="closed:2026-01", text="In other words.")
        deliver()

        assert first == again
        assert len(post.letters) == 1

    def test_two_at_once_tell_once(self, acme, post):
        barrier, seen = threading.Barrier(2), []

        def one():
            with activate(acme):
                barrier.wait()
                try:
                    seen.append(tell(key="closed").pk)
                except Exception as error:
                    seen.append(type(error).__name__)

        threads = [threading.Thread(target=one) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        with activate(acme):
            (notice,) = Notice.objects.all()
        assert set(seen) <= {notice.pk, "ToldAlready"}

    def test_a_mail_server_that_is_away_is_tried_again(self, at_acme, settings, later):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        copy = tell().copies.get()
        deliver()

        copy.refresh_from_db()
        assert (copy.state, copy.attempts) == ("waiting", 1)
        assert copy.last_outcome == "The mail server could not be reached: ConnectionRefusedError."
        assert not sending.send_next(copy.notice_id)
        for hours in (1, 2, 5, 12, 24):
            with later(hours=hours):
                deliver()
        copy.refresh_from_db()
        assert (copy.state, copy.attempts) == ("dead", sending.MOST_ATTEMPTS)

    def test_an_address_that_does_not_exist_is_given_up_at_once(self, at_acme, post):
        post.refusing["owner@acme.example"] = "550 no such user"
        copy = tell().copies.get()
        deliver()

        copy.refresh_from_db()
        assert (copy.state, copy.last_outcome) == ("dead", "The mail server said 550 no such user")

    def test_a_full_mailbox_is_tried_again_and_the_others_are_told(self, at_acme, post, later):
        post.refusing["owner@acme.example"] = "452 mailbox full"
        notice = tell(to=("owner", "controller"))
        deliver()

        assert states(notice) == {"controller@acme.example": "sent", "owner@acme.example": "waiting"}
        post.refusing.clear()
        with later(minutes=2):
            deliver()
        assert states(notice)["owner@acme.example"] == "sent"
        assert post.receivers == ["controller@acme.example", "owner@acme.example"]

    def test_a_worker_lost_after_the_sending_sends_again_under_the_same_name(
        self, at_acme, post, monkeypatch, later
    ):
        class Lost(BaseException):
            pass

        def lost(*_):
            raise Lost

        tell()
        with monkeypatch.context() as patch, pytest.raises(Lost):
            patch.setattr(sending, "record", lost)
            deliver()
        deliver()  # it still belongs to the one that was lost
        assert len(post.letters) == 1
        with later(minutes=10):
            deliver()

        first, second = (letter["Message-ID"] for _, letter in post.letters)
        assert first == second
        assert Copy.objects.get().state == "sent"

    def test_a_worker_that_is_lost_each_time_ends_as_given_up(self, at_acme, later):
        copy = tell().copies.get()
        for hours in range(0, 100, 10):
            with later(hours=hours):
                sending.claim(copy.notice_id)

        copy.refresh_from_db()
        assert (copy.state, copy.last_outcome) == ("dead", "The worker was lost each time.")

    def test_two_workers_send_each_copy_once(self, acme, post):
        with activate(acme):
            notice = tell(to=("owner", "controller", "accountant", "auditor"))

        def work():
            with activate(acme):
                sending.send_due(notice.pk)

        threads = [threading.Thread(target=work) for _ in range(3)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

        assert len(post.receivers) == len(set(post.receivers)) == 4

    def test_it_can_be_sent_again(self, at_acme, owner, post):
        post.refusing["owner@acme.example"] = "550 no"
        copy = tell().copies.get()
        deliver()
        post.refusing.clear()

        dispatch(SendCopyAgain(copy_id=copy.pk), actor=owner)
        deliver()

        copy.refresh_from_db()
        assert (copy.state, copy.attempts) == ("sent", 1)

    def test_not_while_it_is_being_sent(self, at_acme, owner):
        copy = sending.claim(tell().pk)

        with pytest.raises(CopyIsUnderWay):
            dispatch(SendCopyAgain(copy_id=copy.pk), actor=owner)

    def test_of_a_tenant_that_is_closed_copies_wait(self, acme, post):
        from dataclasses import replace

        with activate(acme):
            notice = tell()
        with activate(replace(acme, state="suspended")):
            deliver()
        assert post.letters == []
        with activate(acme):
            assert notice.copies.get().attempts == 0
            deliver()
        assert len(post.letters) == 1

    def test_after_a_year_it_is_forgotten(self, at_acme, post, later):
        tell()
        deliver()
        waiting = tell(to=("controller",))

        with later(days=366):
            tasks.purge.run()
        assert Notice.objects.get() == waiting


def test_the_sweep_hints_at_what_is_due(at_acme, post, hinted):
    tell()
    deliver()
    notice = tell(to=("controller",))
    hinted.clear()

    tasks.sweep.run()

    assert hinted == [notice.pk]


@pytest.mark.parametrize("more", [True, False])
def test_a_task_whose_time_is_over_hints_at_what_is_left(at_acme, hinted, monkeypatch, more):
    notice = tell()
    hinted.clear()
    monkeypatch.setattr(sending, "send_due", lambda notice_id: more)

    tasks.send.run(notice.pk)

    assert hinted == ([notice.pk] if more else [])


def test_one_tenant_sees_nothing_of_the_others_notices(acme, globex, post):
    with activate(acme):
        tell()
    with activate(globex):
        assert not Notice.objects.exists()
        assert queries.notices_with_due_copies() == []
    assert not Notice.objects.exists()
