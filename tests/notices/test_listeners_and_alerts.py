"""Announcements of events of other apps, and alerts."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.events import publish
from apps.events.models import Breaker
from apps.identity.events import RefreshTokenReused
from apps.impersonation.events import SupportSessionOpened
from apps.jobs.events import JobFinished
from apps.kernel import clock
from apps.kernel.actors import System
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.queues import wait_times
from apps.kernel.tenant import activate
from apps.notices import alerts, hooks
from apps.notices.models import Notice
from apps.operations.commands import SuspendTenant
from apps.schedules.events import ScheduledCommandRefused
from apps.tenancy.events import TenantQueuedForDeletion
from tests.support.notices import send_due_notices
from tests.support.settling import settle

TESTS = System("Tests")


def subjects(server):
    return sorted((to, message["Subject"]) for to, message in server.emails)


def test_a_suspension_is_announced_to_administrators_as_well_as_operators(acme, operator, mail_server):
    dispatch(SuspendTenant(tenant_id=acme.id, reason="The bill is not paid."), actor=operator)
    settle()
    send_due_notices()

    assert subjects(mail_server) == [
        ("operator@bursar.example", "acme is suspended"),
        ("owner@acme.example", "Acme Corporation: suspended"),
    ]
    assert all("The bill is not paid." in message.get_content() for _, message in mail_server.emails)


def test_an_event_delivered_twice_is_announced_once(acme, operator, mail_server):
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Unpaid."), actor=operator)
    settle()
    settle()

    assert Notice.objects.filter(kind="tenant.suspended").count() == 1


def test_a_queued_deletion_is_announced_to_operators(acme, operator, mail_server):
    with unit_of_work():
        publish(TenantQueuedForDeletion(tenant_id=acme.id, slug="acme", reason="They left us."))
    settle()
    send_due_notices()

    ((to, message),) = mail_server.emails
    assert (to, message["Subject"]) == ("operator@bursar.example", "acme will be erased")
    assert "The tenant acme was queued for deletion: They left us." in message.get_content()


def test_a_support_session_is_announced_to_the_owner(acme, mail_server):
    with activate(acme):
        with unit_of_work():
            publish(
                SupportSessionOpened(
                    number=7,
                    operator="Olga Operator",
                    user_id=1,
                    user_name="Ann",
                    reason="Ticket 12",
                    ends_at=clock.now() + dt.timedelta(minutes=30),
                )
            )
        settle()
        send_due_notices()

    ((to, message),) = mail_server.emails
    assert to == "owner@acme.example"
    assert (
        "Olga Operator of the platform's support opened a session as Ann: Ticket 12" in message.get_content()
    )


@pytest.mark.parametrize(
    ("state", "seconds", "subject"),
    [("done", 61, "Job 7 is done"), ("failed", 1, "Job 7 has failed"), ("done", 1, None)],
)
def test_a_long_or_failed_job_is_announced_to_its_sender(acme, auditor, mail_server, state, seconds, subject):
    event = JobFinished(
        job_id=7, job="tests.count", state=state, actor_id=auditor.pk, seconds=seconds, error="gone"
    )
    with activate(acme), unit_of_work():
        publish(event)
    settle()
    with activate(acme):
        send_due_notices()

    assert subjects(mail_server) == ([("auditor@acme.example", subject)] if subject else [])


def test_a_refused_scheduled_command_is_announced_to_its_sender(acme, auditor, mail_server):
    event = ScheduledCommandRefused(
        scheduled_command_id=7, command="identity.deactivate_user", actor_id=auditor.pk, error="Not allowed."
    )
    with activate(acme), unit_of_work():
        publish(event)
    settle()
    with activate(acme):
        send_due_notices()

    assert subjects(mail_server) == [("auditor@acme.example", "Your scheduled command was not executed")]


def test_a_reused_token_is_announced_to_its_user(acme, auditor, mail_server):
    with activate(acme):
        with unit_of_work():
            publish(RefreshTokenReused(session_id=1, user_id=auditor.pk, user_name="Audi", device="A phone"))
        settle()
        send_due_notices()

    assert subjects(mail_server) == [("auditor@acme.example", "A session of yours was ended")]


class TestAlerts:
    @pytest.fixture(autouse=True)
    def _no_other_checks(self, monkeypatch):
        monkeypatch.setattr(hooks, "_checks", [])

    def _raise_alert(self, text="It is."):
        hooks.alert(lambda: [hooks.Alert(name="boiler", subject="The boiler", text=text)])

    def test_a_lasting_alert_is_announced_once_an_hour(self, operator, mail_server, later):
        self._raise_alert()
        alerts.check_alerts()
        alerts.check_alerts()
        send_due_notices()
        assert subjects(mail_server) == [("operator@bursar.example", "The boiler")]
        with later(hours=1):
            alerts.check_alerts()
            send_due_notices()
        assert len(mail_server.emails) == 2

    def test_a_failing_check_does_not_stop_other_checks(self, operator, mail_server):
        def broken():
            raise RuntimeError

        hooks.alert(broken)
        self._raise_alert()

        assert alerts.check_alerts() == 1


class TestMonitoring:
    def test_a_delayed_queue_raises_an_alert(self, operator, monkeypatch):
        at = [
            wait_times.QueueStatus("financial", 12, 45.0, 0, 0.0),
            wait_times.QueueStatus("low", 1, 2.0, 0, 0.0),
        ]
        monkeypatch.setattr(wait_times, "queue_statuses", lambda: at)

        alerts_of_queues = [alert for alert in hooks.alerts() if alert.name.startswith("queue:")]

        assert [alert.name for alert in alerts_of_queues] == ["queue:financial"]
        assert "12 messages wait" in alerts_of_queues[0].text

    def test_an_unreachable_broker_raises_an_alert(self, operator, monkeypatch):
        def away():
            raise OSError

        monkeypatch.setattr(wait_times, "queue_statuses", away)

        assert "broker" in [alert.name for alert in hooks.alerts()]

    def test_a_paused_listener_raises_an_alert(self, acme, operator):
        soon = clock.now() + dt.timedelta(minutes=1)
        Breaker.objects.create(
            subscriber="sales.book", tenant_id=acme.id, failures=11, open_until=soon, last_error="Boom"
        )

        (subscriber_alert,) = [alert for alert in hooks.alerts() if alert.name.startswith("subscriber:")]

        assert subscriber_alert.name == "subscriber:sales.book"
        assert "1 tenant" in subscriber_alert.text
        assert "Boom" in subscriber_alert.text
