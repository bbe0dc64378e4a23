"""What happens elsewhere, and who is told of it."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.events import publish
from apps.events.models import Breaker
from apps.identity.events import RefreshTokenReused, SupportSessionOpened
from apps.kernel import clock, waiting
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.kernel.transactions import unit_of_work
from apps.notices import alerts, hooks
from apps.notices.models import Notice
from apps.operations.commands import SuspendTenant
from apps.tenancy.events import TenantQueuedForDeletion
from tests.support.letters import deliver
from tests.support.settling import settle

US = System("The suite")


def told(server):
    return sorted((to, letter["Subject"]) for to, letter in server.letters)


def test_when_a_tenant_is_suspended_its_administrators_and_the_operators_are_told(acme, operator, post):
    """Row NOT-02."""
    dispatch(SuspendTenant(tenant_id=acme.id, reason="The bill is not paid."), actor=operator)
    settle()
    deliver()

    assert told(post) == [
        ("operator@bursar.example", "acme is suspended"),
        ("owner@acme.example", "Acme Corporation: suspended"),
    ]
    assert all("The bill is not paid." in letter.get_content() for _, letter in post.letters)


def test_hearing_it_twice_tells_once(acme, operator, post):
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Unpaid."), actor=operator)
    settle()
    settle()

    assert Notice.objects.filter(kind="tenant.suspended").count() == 1


def test_when_a_tenant_is_queued_for_deletion_the_operators_are_told(acme, operator, post):
    with unit_of_work():
        publish(TenantQueuedForDeletion(tenant_id=acme.id, slug="acme", reason="They left us."))
    settle()
    deliver()

    ((to, letter),) = post.letters
    assert (to, letter["Subject"]) == ("operator@bursar.example", "acme will be erased")
    assert "The tenant acme was queued for deletion: They left us." in letter.get_content()


def test_when_support_comes_in_the_owner_is_told(acme, post):
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
        deliver()

    ((to, letter),) = post.letters
    assert to == "owner@acme.example"
    assert "Olga Operator of the platform's support came in as Ann: Ticket 12" in letter.get_content()


def test_when_a_token_was_stolen_its_user_is_told(acme, auditor, post):
    with activate(acme):
        with unit_of_work():
            publish(RefreshTokenReused(session_id=1, user_id=auditor.pk, user_name="Audi", device="A phone"))
        settle()
        deliver()

    assert told(post) == [("auditor@acme.example", "A session of yours was ended")]


class TestAlerts:
    @pytest.fixture(autouse=True)
    def _only_here(self, monkeypatch):
        monkeypatch.setattr(hooks, "_checks", [])

    def _is_wrong(self, text="It is."):
        hooks.alert(lambda: [hooks.Alert(name="boiler", subject="The boiler", text=text)])

    def test_the_operators_are_told_once_an_hour(self, operator, post, later):
        self._is_wrong()
        alerts.look()
        alerts.look()
        deliver()
        assert told(post) == [("operator@bursar.example", "The boiler")]
        with later(hours=1):
            alerts.look()
            deliver()
        assert len(post.letters) == 2

    def test_one_that_cannot_be_looked_at_hides_no_other(self, operator, post):
        def broken():
            raise RuntimeError

        hooks.alert(broken)
        self._is_wrong()

        assert alerts.look() == 1


class TestMonitoring:
    def test_work_that_waits_is_an_alert(self, operator, monkeypatch):
        at = [waiting.QueueStatus("financial", 12, 45.0, 0, 0.0), waiting.QueueStatus("low", 1, 2.0, 0, 0.0)]
        monkeypatch.setattr(waiting, "queue_statuses", lambda: at)

        found = [alert for alert in hooks.alerts() if alert.name.startswith("queue:")]

        assert [each.name for each in found] == ["queue:financial"]
        assert "12 messages wait" in found[0].text

    def test_a_broker_that_does_not_answer_is_one(self, operator, monkeypatch):
        def away():
            raise OSError

        monkeypatch.setattr(waiting, "queue_statuses", away)

        assert "broker" in [alert.name for alert in hooks.alerts()]

    def test_a_paused_listener_is_one(self, acme, operator):
        soon = clock.now() + dt.timedelta(minutes=1)
        Breaker.objects.create(
            subscriber="sales.book", tenant_id=acme.id, failures=11, open_until=soon, last_error="Boom"
        )

        (found,) = [alert for alert in hooks.alerts() if alert.name.startswith("subscriber:")]

        assert found.name == "subscriber:sales.book"
        assert "1 tenant" in found.text
        assert "Boom" in found.text
