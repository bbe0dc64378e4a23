"""Refresh tokens: each is valid for one use, and a second use ends its session."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, connections

from apps.audit.models import Record
from apps.events.models import OutboxEvent
from apps.identity.models import ApiSession, RefreshToken, RefreshTokenQuerySet
from apps.identity.tokens import refreshing
from apps.kernel.clock import moved_to, now
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from tests.support.problems import refused


def test_a_refresh_returns_a_new_pair(device, accountant):
    here = device(accountant)
    before = here.tokens

    assert here.refresh().status_code == 200

    assert here.tokens["refresh_token"] != before["refresh_token"]
    assert here.tokens["session_id"] == before["session_id"]
    assert here.get().status_code == 200
    assert here.get(token=before["access_token"]).status_code == 200  # until it expires
    assert here.refresh().status_code == 200


def test_a_refresh_token_is_stored_as_a_digest(device, accountant, at_acme):
    here = device(accountant)

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM identity_refreshtoken t")
        assert here.tokens["refresh_token"] not in cursor.fetchone()[0]


def test_a_reused_token_ends_the_session(device, accountant, acme, at_acme):
    here = device(accountant)
    stolen = here.tokens["refresh_token"]
    here.refresh()
    assert here.get().status_code == 200

    refused(here.refresh(stolen), 401, "identity.refresh_token_reused")

    refused(here.get(), 401, "identity.token_outdated")
    refused(here.refresh(), 401, "identity.session_ended")
    refused(here.refresh(stolen), 401, "identity.session_ended")


def test_a_reused_token_is_audited_as_well_as_published(device, accountant, at_acme):
    here = device(accountant)
    stolen = here.tokens["refresh_token"]
    here.refresh()
    here.refresh(stolen)

    record = Record.objects.get(command="identity.end_stolen_session")
    assert record.outcome == "done"
    assert record.sentence == (
        f"System (API tokens) ended API session {here.tokens['session_id']} of Accountant, "
        "because its refresh token was used twice."
    )
    published = OutboxEvent.objects.using("control").get(name="refresh_token.reused")
    assert published.payload["user_id"] == accountant.pk


def test_a_reused_token_leaves_other_sessions_open(device, accountant):
    phone, laptop = device(accountant), device(accountant)
    stolen = phone.tokens["refresh_token"]
    phone.refresh()
    phone.refresh(stolen)

    assert laptop.get().status_code == 200
    assert laptop.refresh().status_code == 200


def test_an_idle_session_ends(device, accountant):
    with moved_to(now() - settings.REFRESH_TOKEN_IDLE - dt.timedelta(seconds=1)):
        here = device(accountant)

    refused(here.refresh(), 401, "identity.session_ended")


def test_an_active_session_ends_at_its_limit(device, accountant):
    began = now() - settings.API_SESSION_LIFE - dt.timedelta(seconds=1)
    with moved_to(began):
        here = device(accountant)
    step = settings.REFRESH_TOKEN_IDLE - dt.timedelta(hours=1)
    while (began := began + step) < now():
        with moved_to(began):
            assert here.refresh().status_code == 200

    refused(here.refresh(), 401, "identity.session_ended")


def test_no_token_outlives_its_session(device, accountant, settings):
    settings.API_SESSION_LIFE = dt.timedelta(seconds=90)

    here = device(accountant)

    assert 80 < here.tokens["expires_in"] <= 90


def test_an_unknown_refresh_token_is_refused(device, accountant):
    here = device(accountant)

    refused(here.refresh("nonsense"), 401, "identity.refresh_token_unknown")
    refused(here.refresh(here.tokens["access_token"][:150]), 401, "identity.refresh_token_unknown")
    refused(here.get(token=here.tokens["refresh_token"]), 401, "identity.token_invalid")


class TestConcurrentUse:
    """Two clients use the same token at the same moment: the owner twice, or a thief."""

    @pytest.fixture
    def shown(self, device, accountant) -> str:
        return str(device(accountant).tokens["refresh_token"])

    def race(self, tenant, shown: str) -> list[str]:
        start, came = threading.Barrier(2), []

        def use() -> None:
            try:
                with activate(tenant):
                    start.wait(120)
                    refreshing.next_pair(shown)
                    came.append("pair")
            except Refusal as refusal:
                came.append(refusal.code)
            except IntegrityError:
                came.append("not unique")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(180)
        return sorted(came)

    def test_the_first_concurrent_use_gets_a_pair(self, acme, shown, monkeypatch):
        _meet(monkeypatch)

        assert self.race(acme, shown) == ["identity.refresh_token_reused", "pair"]

        with activate(acme):
            assert not ApiSession.objects.open().exists()
            assert RefreshToken.objects.filter(used_at=None).count() == 1

    def test_without_the_claim_the_constraint_refuses_one(self, acme, shown, monkeypatch):
        _meet(monkeypatch, claim=_read_and_write)

        assert self.race(acme, shown) == ["not unique", "pair"]

    @pytest.mark.physical_copy
    def test_without_any_guard_both_uses_succeed(self, acme, shown, monkeypatch):
        """The negative control of the two tests above."""
        _meet(monkeypatch, claim=_read_and_write)
        with activate(acme), connections["owner"].cursor() as cursor:
            cursor.execute("DROP INDEX identity_one_unused_refresh_token")

        assert self.race(acme, shown) == ["pair", "pair"]


def _meet(monkeypatch, claim=RefreshTokenQuerySet.claim) -> None:
    """Both read the token before either claims it."""
    both = threading.Barrier(2)

    def wait_and_claim(self, token, at):
        both.wait(120)
        return claim(self, token, at)

    monkeypatch.setattr(RefreshTokenQuerySet, "claim", wait_and_claim)
    monkeypatch.setattr(
        type(RefreshToken.objects), "claim", lambda self, *arguments: wait_and_claim(self, *arguments)
    )


def _read_and_write(self, token, at) -> bool:
    """A naive implementation without a condition."""
    if token.used_at is None:
        self.filter(pk=token.pk).update(used_at=at)
        return True
    return False


class TestSessions:
    def test_signing_out_ends_the_tokens_at_once(self, device, accountant):
        here = device(accountant)
        assert here.get().status_code == 200

        response = here.post(
            "identity/tokens/revoke/", {"refresh_token": here.tokens["refresh_token"]}, token=""
        )

        assert response.status_code == 204
        refused(here.get(), 401, "identity.token_outdated")
        refused(here.refresh(), 401, "identity.session_ended")

    def test_signing_out_is_audited_under_the_name_of_the_user(self, device, accountant, at_acme):
        here = device(accountant)
        here.post("identity/tokens/revoke/", {"refresh_token": here.tokens["refresh_token"]}, token="")

        began = Record.objects.get(command="identity.begin_session")
        ended = Record.objects.get(command="identity.end_session")
        assert began.sentence == "Accountant signed in over the API."
        assert ended.sentence == f"Accountant ended API session {here.tokens['session_id']} of Accountant."
        assert ended.reason == "signed out"

    def test_a_user_sees_only_own_sessions(self, device, accountant, auditor):
        phone, laptop = device(accountant), device(accountant)
        device(auditor)

        listed = phone.get("identity/sessions/").json()["results"]

        assert [session["id"] for session in listed] == [
            laptop.tokens["session_id"],
            phone.tokens["session_id"],
        ]

    def test_a_user_can_end_an_own_session(self, device, accountant):
        phone, laptop = device(accountant), device(accountant)

        response = laptop.post(f"identity/sessions/{phone.tokens['session_id']}/end/")

        assert response.status_code == 204
        refused(phone.get(), 401, "identity.token_outdated")
        assert laptop.get().status_code == 200

    def test_ending_a_session_of_another_user_is_refused(self, device, accountant, auditor):
        phone = device(accountant)

        response = device(auditor).post(f"identity/sessions/{phone.tokens['session_id']}/end/")

        refused(response, 404, "identity.session_unknown")
        assert phone.get().status_code == 200

    def test_an_operator_signs_in_then_out_at_the_platform(self, device, operator):
        here = device(operator, None)
        assert here.get("tenancy/tenants/").status_code == 200

        here.post("identity/tokens/revoke/", {"refresh_token": here.tokens["refresh_token"]}, token="")

        refused(here.get(), 401, "identity.token_outdated")

    def test_old_sessions_are_purged(self, device, accountant, acme):
        from apps.identity.tasks import purge_sessions

        with moved_to(now() - dt.timedelta(days=200)):
            device(accountant)
        fresh = device(accountant)

        with activate(acme):
            purge_sessions.run()
            assert [session.pk for session in ApiSession.objects.all()] == [fresh.tokens["session_id"]]
