"""Support access to a tenant: over HTTP, with two tenants."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import NotAsSupport, PermissionDenied
from apps.bus.registry import commands
from apps.bus.sending import dispatch_async
from apps.events.models import OutboxEvent
from apps.identity.commands import InviteUser, SetPassword
from apps.identity.models import User
from apps.impersonation import lifecycle
from apps.impersonation.errors import (
    OperatorRequired,
    ReasonMissing,
    SupportSessionInProgress,
    TenantSignInClosed,
    TicketInvalid,
    UserIsSuperuser,
    UserManagesUsers,
    UserNotActive,
)
from apps.impersonation.models import Impersonation, SupportSession
from apps.impersonation.tasks import end_support_sessions
from apps.kernel import clock
from apps.kernel.actors import Support, System, impersonated_by
from apps.kernel.observability import logs, redaction
from apps.kernel.tenant import activate
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from apps.settings.commands import ChangeSetting
from apps.settings.errors import SettingNotForSupport, SupportAccessDisabled
from apps.tenancy import directory
from apps.tenancy.models import Tenant
from tests.support.console_pages import edit
from tests.support.database import PASSWORD
from tests.support.forms import hidden_inputs
from tests.support.impersonation import REASON, enter, issue_ticket

COMPANY = {"code": "PLANT", "name": "Acme Plant", "currency": "EUR"}


@pytest.fixture
def helper(db):
    """An operator with the permission to impersonate only."""
    return create_operator("hella@bursar.example", "Hella Helper", "impersonate")


def create_operator(email, name, *permissions):
    from django.contrib.auth.models import Group, Permission

    with activate(None):
        user = User.objects.create(email=email, name=name, joined_at=clock.now())
        group = Group.objects.create(name=name)
        group.permissions.set(Permission.objects.filter(codename__in=permissions))
        user.groups.set([group])
        return user


def newest(tenant, model=Record):
    with activate(tenant):
        return model.objects.order_by("-id").first()


class TestSupportSession:
    def test_a_session_from_the_button_to_the_audit_log_of_the_tenant(
        self, client_for, operator, acme, controller
    ):
        console = client_for(operator, None)
        page = console.get(f"/tenancy/tenant/{acme.id}/change/").content.decode()
        assert f'href="/tenants/{acme.id}/enter/"' in page

        payload = {"user_id": controller.pk, "reason": REASON}
        preview = console.post(f"/tenants/{acme.id}/enter/", {**payload, "preview": ""}).content.decode()
        assert "Controller at Acme Corporation" in preview
        assert not Impersonation.objects.exists()
        redirect = console.post(f"/tenants/{acme.id}/enter/", payload)
        assert redirect.status_code == 302
        address = urlsplit(redirect["Location"]).path
        assert address.startswith("/t/acme/support/enter/")

        page = console.get(address)
        assert REASON in page.content.decode().replace("&#x27;", "'")
        assert page["Referrer-Policy"] == "strict-origin"
        assert "no-store" in page["Cache-Control"]
        assert console.post(address)["Location"] == "/t/acme/"

        banner = console.get("/t/acme/").content.decode()
        assert "Olga Operator" in banner
        assert REASON in banner
        assert "End session" in banner
        response = edit(console, "/t/acme/settings/periods.reason_length/change/", {"value": "12"})
        assert response.status_code == 302
        record = newest(acme)
        impersonation = Impersonation.objects.get()
        assert (record.actor_name, record.actor_id) == ("Controller", controller.pk)
        assert record.impersonator_name == f"Olga Operator (support session {impersonation.pk})"
        assert record.sentence.startswith(f"{record.impersonator_name} as Controller set ")

        left = console.post("/t/acme/support/leave/").content.decode()
        assert "under both names: 1" in left
        assert console.get("/t/acme/").status_code == 302, "the user's session has ended"
        assert console.get("/").status_code == 200, "the operator's own session is open"

    def test_the_tenant_sees_sessions_with_their_actions(self, client_for, operator, acme, owner, controller):
        browser = enter(operator, acme, controller)
        edit(browser, "/t/acme/settings/periods.reason_length/change/", {"value": "12"})
        browser.post("/t/acme/support/leave/")

        page = client_for(owner).get("/t/acme/impersonation/supportsession/").content.decode()
        assert "Olga Operator" in page
        assert REASON in page
        support_session = newest(acme, SupportSession)
        assert (support_session.end_reason, support_session.actions) == ("left", 1)
        row = (
            client_for(owner)
            .get(f"/t/acme/impersonation/supportsession/{support_session.pk}/change/")
            .content.decode()
        )
        audit_log = re.search(r'href="([^"]*impersonator_name[^"]*)"', row).group(1)
        records = client_for(owner).get(audit_log.replace("&amp;", "&")).content.decode()
        assert "periods.reason_length" in records

        with activate(acme):
            events = [
                event.name
                for event in OutboxEvent.objects.filter(name__startswith="support_session.").order_by("id")
            ]
            sentences = [
                record.sentence
                for record in Record.objects.filter(command__endswith="_support_session").order_by("id")
            ]
        assert events == ["support_session.opened", "support_session.closed"]
        assert sentences[0].startswith("Olga Operator (platform) entered as Controller, until ")
        assert sentences[1] == (
            "Olga Operator (platform) left the session as Controller after 1 actions: The operator left."
        )

    def test_each_action_is_logged_at_once_with_both_names(self, operator, acme, controller, caplog):
        browser = enter(operator, acme, controller)
        with caplog.at_level(logging.INFO, logger="bursar.commands"):
            edit(browser, "/t/acme/settings/periods.reason_length/change/", {"value": "12"})

        assert newest(acme).command == "settings.change_setting"
        assert "Olga Operator (support session" in caplog.text
        assert newest(acme, SupportSession).ended_at is None, "the session is still open"

    def test_each_log_line_has_both_names(self, operator, acme, controller, monkeypatch):
        lines = []
        monkeypatch.setattr(logs, "_as_json", lambda *arguments: lines.append(arguments[2]) or "")
        handler = logging.StreamHandler(open(os.devnull, "w"))  # noqa: SIM115
        handler.setFormatter(logs.formatter("json"))
        browser = enter(operator, acme, controller)
        logging.getLogger("bursar").addHandler(handler)
        try:
            edit(browser, "/t/acme/settings/periods.reason_length/change/", {"value": "12"})
        finally:
            logging.getLogger("bursar").removeHandler(handler)

        assert {line["logger"] for line in lines} >= {"bursar.commands", "bursar.events", "bursar.requests"}
        for line in lines:
            assert line["actor"] == "Controller"
            assert line["impersonator"].startswith("Olga Operator (support session")

    def test_reading_the_audit_log_is_recorded_with_both_names(self, operator, acme, controller):
        enter(operator, acme, controller).get("/t/acme/audit/record/")

        record = newest(acme)
        assert record.command == "audit.read_audit_log"
        assert record.impersonator_name.startswith("Olga Operator (support session")

    def test_versions_of_master_data_have_both_names(self, operator, acme, controller):
        client, page = (
            enter(operator, acme, controller),
            "/t/acme/settings/periods.reason_length/change/",
        )
        client.post(page, hidden_inputs(client, page) | {"value": "12"})

        from apps.settings.models import Setting

        version = newest(acme, Setting.history.model)
        assert (version.actor_name, version.history_user_id) == ("Controller", controller.pk)
        assert version.impersonator_name.startswith("Olga Operator (support session")

    def test_a_period_closed_by_support_has_both_names(self, acme, controller):
        with activate(acme), impersonated_by(Support("Olga Operator", 7)):
            january = Period.objects.order_by("starts_on").first()
            dispatch(ClosePeriod(period_id=january.pk, reason="Bank agreed to the cent."), actor=controller)
            january.refresh_from_db()

        assert january.closed_by == "Olga Operator (support session 7) as Controller"

    def test_a_command_executed_by_a_worker_has_both_names(self, acme, owner):
        from apps.bus.events import CommandSent
        from apps.bus.sending import do

        with activate(acme):
            with impersonated_by(Support("Olga Operator", 7)):
                dispatch_async(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
            event = OutboxEvent.objects.order_by("-id").first()
            do(CommandSent(**event.payload))

        assert newest(acme).impersonator_name == "Olga Operator (support session 7)"


class TestTicket:
    def test_a_ticket_is_valid_once(self, operator, acme, controller):
        ticket = issue_ticket(operator, acme, controller)
        assert Client().post(f"/t/acme/support/enter/{ticket}/").status_code == 302

        second = Client().post(f"/t/acme/support/enter/{ticket}/")

        assert second.status_code == 404
        assert "identity.ticket_invalid" in second.content.decode()
        assert not second.cookies

    def test_opening_the_link_does_not_redeem_the_ticket(self, operator, acme, controller):
        ticket = issue_ticket(operator, acme, controller)

        assert Client().get(f"/t/acme/support/enter/{ticket}/").status_code == 200
        assert Client().get(f"/t/acme/support/enter/{ticket}/").status_code == 200
        assert Client().post(f"/t/acme/support/enter/{ticket}/").status_code == 302

    def test_a_ticket_is_invalid_in_another_tenant(self, operator, acme, globex, controller):
        ticket = issue_ticket(operator, acme, controller)

        assert Client().get(f"/t/globex/support/enter/{ticket}/").status_code == 404
        assert Client().post(f"/t/globex/support/enter/{ticket}/").status_code == 404
        assert newest(globex, SupportSession) is None
        assert Client().post(f"/t/acme/support/enter/{ticket}/").status_code == 302, (
            "the ticket is still valid"
        )

    def test_a_ticket_expires_after_a_minute(self, operator, acme, controller):
        ticket = issue_ticket(operator, acme, controller)

        with clock.moved_to(clock.now() + dt.timedelta(seconds=61)):
            assert Client().post(f"/t/acme/support/enter/{ticket}/").status_code == 404

    def test_a_ticket_is_stored_only_as_a_hash(self, operator, acme, controller):
        ticket = issue_ticket(operator, acme, controller)
        Client().post(f"/t/acme/support/enter/{ticket}/")

        stored = [str(list(Impersonation.objects.values())), str(list(Record.objects.values()))]
        with activate(acme):
            stored += [str(list(SupportSession.objects.values())), str(list(Record.objects.values()))]
        assert ticket not in "".join(stored)

    def test_a_ticket_is_masked_in_logs(self):
        refused = "Forbidden (Origin checking failed): /t/acme/support/enter/xI5WiIcGX3k5/"

        assert redaction.clean_text(refused).endswith("/t/acme/support/enter/•••/")

    def test_redeeming_without_a_csrf_token_is_refused(self, operator, acme, controller):
        strict = Client(enforce_csrf_checks=True)
        address = f"/t/acme/support/enter/{issue_ticket(operator, acme, controller)}/"

        assert strict.post(address).status_code == 403
        form = strict.get(address).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form).group(1)
        assert strict.post(address, {"csrfmiddlewaretoken": token}).status_code == 302

    def test_redeeming_replaces_the_previous_browser_session(
        self, client_for, operator, acme, accountant, controller
    ):
        browser = client_for(accountant)
        before = browser.cookies[f"bursar_session_{acme.id}"].value

        enter(operator, acme, controller, browser)

        after = browser.cookies[f"bursar_session_{acme.id}"].value
        assert before != after
        stale = Client()
        stale.cookies[f"bursar_session_{acme.id}"] = before
        assert stale.get("/t/acme/").status_code == 302, "the old session is deleted"

    def test_redeeming_leaves_the_last_login_of_the_user_unchanged(self, operator, acme, controller):
        with activate(acme):
            before = User.objects.get(pk=controller.pk).last_login

        enter(operator, acme, controller)

        with activate(acme):
            assert User.objects.get(pk=controller.pk).last_login == before


class TestPermissions:
    def test_an_operator_without_permission_is_refused(self, client_for, acme, controller, db):
        plain = create_operator("paul@bursar.example", "Paul Plain", "view_tenant")

        with pytest.raises(PermissionDenied):
            issue_ticket(plain, acme, controller)

    def test_a_blank_reason_is_refused(self, operator, acme, controller):
        with pytest.raises(ReasonMissing):
            issue_ticket(operator, acme, controller, reason="  ")

    def test_a_system_actor_is_refused(self, acme, controller, db):
        with pytest.raises(OperatorRequired):
            issue_ticket(System("The command line"), acme, controller)

    def test_impersonating_a_manager_without_permission_is_refused(self, helper, acme, owner, controller):
        with pytest.raises(UserManagesUsers):
            issue_ticket(helper, acme, owner)
        assert issue_ticket(helper, acme, controller)

    def test_impersonating_a_manager_with_permission_succeeds(self, acme, owner, db):
        senior = create_operator("sven@bursar.example", "Sven Senior", "impersonate", "impersonate_managers")

        assert enter(senior, acme, owner).get("/t/acme/").status_code == 200

    def test_impersonating_a_superuser_is_refused(self, operator, acme, controller):
        with activate(acme):
            User.objects.filter(pk=controller.pk).update(is_superuser=True)

        with pytest.raises(UserIsSuperuser):
            issue_ticket(operator, acme, controller)

    def test_impersonating_a_deactivated_user_is_refused(self, operator, acme, controller):
        with activate(acme):
            User.objects.filter(pk=controller.pk).update(is_active=False)

        with pytest.raises(UserNotActive):
            issue_ticket(operator, acme, controller)

    @pytest.mark.parametrize("word", [{"state": "suspended"}, {"mode": "maintenance"}])
    def test_support_access_to_a_closed_tenant_is_refused(self, operator, acme, controller, word):
        Tenant.objects.filter(pk=acme.id).update(**word)
        directory.changed()

        with pytest.raises(TenantSignInClosed):
            issue_ticket(operator, acme, controller)

    def test_a_user_of_a_tenant_cannot_request_a_ticket(self, client_for, owner, acme, controller):
        response = client_for(owner).post(
            "/t/acme/api/v1/identity/impersonations/",
            {"tenant_id": acme.id, "user_id": controller.pk, "reason": REASON},
            "application/json",
        )

        assert response.status_code == 404, "a tenant has no such endpoint"
        with activate(acme), pytest.raises(PermissionDenied):
            issue_ticket(owner, acme, controller)

    def test_a_second_concurrent_session_is_refused(self, operator, acme, globex, controller):
        enter(operator, acme, controller)
        with activate(globex):
            other = User.objects.get(email="controller@globex.example")

        with pytest.raises(SupportSessionInProgress, match="Controller at Acme Corporation"):
            issue_ticket(operator, globex, other)

    def test_a_new_ticket_invalidates_the_unused_one(self, operator, acme, controller, accountant):
        first = issue_ticket(operator, acme, controller)
        second = issue_ticket(operator, acme, accountant)

        assert Client().post(f"/t/acme/support/enter/{first}/").status_code == 404
        assert Client().post(f"/t/acme/support/enter/{second}/").status_code == 302

    def test_two_operators_can_have_sessions_at_once(self, operator, helper, acme, controller):
        first, second = enter(operator, acme, controller), enter(helper, acme, controller)

        assert "Olga Operator" in first.get("/t/acme/").content.decode()
        assert "Hella Helper" in second.get("/t/acme/").content.decode()


class TestConsentOfTheTenant:
    def set_to(self, acme, owner, value):
        with activate(acme):
            dispatch(ChangeSetting(key="identity.support_access", value=value), actor=owner)

    def test_without_consent_no_ticket_is_issued(self, operator, acme, owner, controller):
        self.set_to(acme, owner, False)

        with pytest.raises(SupportAccessDisabled, match="Acme Corporation does not allow support access"):
            issue_ticket(operator, acme, controller)

    def test_withdrawn_consent_invalidates_an_issued_ticket(self, operator, acme, owner, controller):
        ticket = issue_ticket(operator, acme, controller)
        self.set_to(acme, owner, False)

        response = Client().post(f"/t/acme/support/enter/{ticket}/")

        assert response.status_code == 403
        assert newest(acme, SupportSession) is None
        assert Impersonation.objects.get().end_reason == "refused"
        self.set_to(acme, owner, True)
        assert issue_ticket(operator, acme, controller), "the refused ticket does not block the operator"

    def test_withdrawn_consent_ends_a_session_at_its_next_request(self, operator, acme, owner, controller):
        browser = enter(operator, acme, controller)
        self.set_to(acme, owner, False)

        assert browser.get("/t/acme/").status_code == 403
        assert newest(acme, SupportSession).end_reason == "access_disabled"

    def test_support_cannot_give_consent(self, operator, acme, owner):
        browser = enter(operator, acme, owner)

        response = edit(browser, "/t/acme/settings/identity.support_access/change/", {"value": "true"})

        assert response.status_code == SettingNotForSupport.status
        assert "settings.setting_not_for_support" in response.content.decode()

    def test_consent_of_one_tenant_does_not_affect_another(self, operator, acme, globex, owner):
        self.set_to(acme, owner, False)

        with activate(globex):
            other = User.objects.get(email="controller@globex.example")
        assert enter(operator, globex, other).get("/t/globex/").status_code == 200


class TestCommandsClosedToSupport:
    def test_a_command_closed_to_support_is_refused(self, operator, acme, owner, controller):
        browser = enter(operator, acme, owner)

        response = browser.post(
            "/t/acme/identity/invite/", {"email": "x@acme.example", "name": "X", "role": "owner"}
        )

        assert response.status_code == NotAsSupport.status
        assert newest(acme).outcome == "refused"
        with activate(acme):
            assert not User.objects.filter(email="x@acme.example").exists()

    @pytest.mark.parametrize(
        "command",
        [
            InviteUser(email="x@acme.example", name="X", role="owner"),
            SetPassword(user_id=1, password="correct horse battery"),
        ],
    )
    def test_a_command_closed_to_support_is_refused_in_a_worker_as_well(self, at_acme, owner, command):
        with impersonated_by(Support("Olga Operator", 7)):
            with pytest.raises(NotAsSupport):
                dispatch(command, actor=owner)
            with pytest.raises(NotAsSupport):
                dispatch_async(command, actor=owner)

    @pytest.mark.parametrize(
        "page", ["login/", "password/reset/", "password/choose/1/", "address/1/", "invitation/1/"]
    )
    def test_pages_of_passwords_and_addresses_are_refused(self, operator, acme, controller, page):
        browser = enter(operator, acme, controller)

        response = browser.get(f"/t/acme/accounts/{page}")

        assert response.status_code == 403
        assert "for Controller only" in response.content.decode()


class TestEnd:
    def test_a_session_ends_after_half_an_hour(self, operator, acme, controller):
        browser = enter(operator, acme, controller)
        start = clock.now()
        with clock.moved_to(start + dt.timedelta(minutes=29)):
            assert browser.get("/t/acme/").status_code == 200, "a request does not extend the session"

        with clock.moved_to(start + dt.timedelta(minutes=30, seconds=1)):
            response = browser.get("/t/acme/")

        assert response.status_code == 403
        assert "The time limit was reached" in response.content.decode()
        assert newest(acme, SupportSession).end_reason == "expired"
        assert browser.get("/t/acme/").status_code == 302, "the browser is signed out"

    def test_the_sweep_ends_a_session_without_requests(self, operator, acme, controller):
        enter(operator, acme, controller)
        assert lifecycle.sweep() == 0

        with clock.moved_to(clock.now() + dt.timedelta(minutes=31)):
            end_support_sessions.apply(headers={"tenant": "public"}, throw=True)
            assert lifecycle.sweep() == 0

        assert (newest(acme, SupportSession).end_reason, newest(acme, SupportSession).actions) == (
            "expired",
            0,
        )
        assert newest(acme).command == "identity.close_support_session"

    def test_deactivating_the_operator_ends_the_session(self, operator, helper, acme, controller):
        browser = enter(helper, acme, controller)
        User.objects.filter(pk=helper.pk).update(is_active=False)

        assert browser.get("/t/acme/").status_code == 403
        assert newest(acme, SupportSession).end_reason == "operator_gone"

    def test_revoking_the_permission_ends_the_session(self, operator, helper, acme, controller):
        enter(helper, acme, controller)
        helper.groups.clear()

        assert lifecycle.sweep() == 1
        assert newest(acme, SupportSession).end_reason == "operator_gone"

    def test_suspending_the_tenant_ends_the_session(self, operator, acme, controller):
        browser = enter(operator, acme, controller)
        Tenant.objects.filter(pk=acme.id).update(state="suspended", epoch=acme.epoch + 1)
        directory.changed()

        assert browser.get("/t/acme/").status_code == 403
        lifecycle.sweep()
        Tenant.objects.filter(pk=acme.id).update(state="active", epoch=acme.epoch + 2)
        directory.changed()
        assert newest(acme, SupportSession).end_reason == "tenant_changed"
        assert browser.get("/t/acme/").status_code == 302

    def test_promoting_the_user_ends_the_session(self, helper, acme, controller):
        from apps.identity import roles

        browser = enter(helper, acme, controller)
        with activate(acme):
            controller.groups.set([roles.group("owner")])

        assert browser.get("/t/acme/").status_code == 403
        assert newest(acme, SupportSession).end_reason == "user_changed"

    def test_an_operator_ends_the_session_of_another_operator(
        self, client_for, operator, helper, acme, controller
    ):
        browser = enter(helper, acme, controller)
        page = f"/impersonations/{Impersonation.objects.get().pk}/end/"

        response = client_for(operator, None).post(page, {"reason": "Enough."})

        assert response.status_code == 302
        assert newest(acme, SupportSession).end_reason == "ended"
        assert browser.get("/t/acme/").status_code == 403
        assert newest(None).command == "identity.close_impersonation"

    def test_signing_out_ends_the_session(self, operator, acme, controller):
        browser = enter(operator, acme, controller)

        browser.post("/t/acme/accounts/logout/")

        assert newest(acme, SupportSession).end_reason == "left"

    def test_the_sweep_records_an_end_interrupted_by_a_crash(self, operator, acme, controller, monkeypatch):
        """Access ends first; the sweep records the missing end in the tenant."""
        from apps.impersonation import handlers

        browser = enter(operator, acme, controller)
        with monkeypatch.context() as broken:
            broken.setattr(handlers, "_close_in_tenant", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                lifecycle.end(Impersonation.objects.get().pk, "left")

        assert newest(acme, SupportSession).ended_at is None
        assert browser.get("/t/acme/").status_code == 403
        lifecycle.sweep()
        assert newest(acme, SupportSession).end_reason == "left"
        assert Impersonation.objects.get().settled_at

    def test_a_crash_after_redeeming_opens_no_session(self, operator, acme, controller, monkeypatch):
        ticket = issue_ticket(operator, acme, controller)
        with monkeypatch.context() as broken:
            broken.setattr(lifecycle, "_open", lambda *_, **__: 1 / 0)
            browser = Client(raise_request_exception=False)
            assert browser.post(f"/t/acme/support/enter/{ticket}/").status_code == 500

        assert browser.post(f"/t/acme/support/enter/{ticket}/").status_code == 404, "the ticket was redeemed"
        assert newest(acme, SupportSession) is None
        with clock.moved_to(clock.now() + dt.timedelta(minutes=31)):
            lifecycle.sweep()
        assert Impersonation.objects.get().end_reason == "expired"


def test_the_support_sign_in_works_at_the_host_of_the_tenant(operator, acme, controller):
    ticket = issue_ticket(operator, acme, controller)
    host = f"acme.{settings.BASE_DOMAIN}"
    browser = Client(SERVER_NAME=host)

    assert browser.post(f"/support/enter/{ticket}/")["Location"] == "/"
    assert "Olga Operator" in browser.get("/").content.decode()
    assert browser.post("/support/leave/").status_code == 200


class TestOtherTenant:
    def test_a_session_cookie_is_invalid_in_another_tenant(self, operator, acme, globex, controller):
        browser = enter(operator, acme, controller)
        cookie = browser.cookies[f"bursar_session_{acme.id}"].value

        for name in (f"bursar_session_{globex.id}", "bursar_session"):
            thief = Client()
            thief.cookies[name] = cookie
            assert thief.get("/t/globex/").status_code == 302
            assert thief.get("/").status_code == 302

    def test_another_tenant_sees_no_sessions(self, client_for, operator, acme, globex, controller):
        enter(operator, acme, controller)
        with activate(globex):
            other = User.objects.get(email="owner@globex.example")

        page = client_for(other, globex).get("/t/globex/impersonation/supportsession/").content.decode()
        listed = client_for(other, globex).get("/t/globex/api/v1/identity/support-sessions/").json()

        assert "Olga Operator" not in page
        assert listed["results"] == []


class TestOverTheApi:
    def test_sessions_are_opened_listed_then_ended_over_the_api(
        self, client_for, operator, acme, owner, controller
    ):
        console = client_for(operator, None)
        payload = {"tenant_id": acme.id, "user_id": controller.pk, "reason": REASON}

        created = console.post(
            "/api/v1/identity/impersonations/",
            payload,
            "application/json",
            headers={"Idempotency-Key": "one"},
        )
        assert created.status_code == 201, created.content
        link = urlsplit(created.json()["link"]).path
        again = console.post(
            "/api/v1/identity/impersonations/",
            payload,
            "application/json",
            headers={"Idempotency-Key": "one"},
        )
        assert again.json()["link"] == "", "the ticket is not stored"
        assert Client().post(link).status_code == 302
        listed = console.get("/api/v1/identity/impersonations/").json()["results"]
        assert [(row["operator_name"], row["user_name"]) for row in listed] == [
            ("Olga Operator", "Controller")
        ]
        ended = console.post(
            f"/api/v1/identity/impersonations/{listed[0]['id']}/end/", {"reason": "Done."}, "application/json"
        )
        assert ended.json()["end_reason"] == "ended"
        seen = client_for(owner).get("/t/acme/api/v1/identity/support-sessions/").json()["results"]
        assert [(row["operator"], row["end_reason"], row["actions"]) for row in seen] == [
            ("Olga Operator", "ended", 0)
        ]

    def test_an_access_token_of_an_operator_is_accepted(self, device, operator, acme, controller):
        payload = {"tenant_id": acme.id, "user_id": controller.pk, "reason": REASON}

        created = device(operator, None).post("identity/impersonations/", payload)

        assert created.status_code == 201, created.content
        assert Client().post(urlsplit(created.json()["link"]).path).status_code == 302

    def test_a_support_session_gets_no_api_token(self, operator, acme, controller):
        browser = enter(operator, acme, controller)

        response = browser.post(
            "/t/acme/api/v1/identity/tokens/",
            {"email": controller.email, "password": PASSWORD},
            "application/json",
        )

        assert response.status_code == 403
        assert "access_token" not in response.content.decode()

    def test_a_dry_run_issues_no_ticket(self, client_for, operator, acme, controller):
        response = client_for(operator, None).post(
            "/api/v1/identity/impersonations/?dry_run=true",
            {"tenant_id": acme.id, "user_id": controller.pk, "reason": "Ticket 4711"},
            "application/json",
        )

        assert (response.status_code, response.json()) == (200, {"would_be_done": True, "refusals": []})
        assert not Impersonation.objects.exists()


def test_the_command_line_lists_then_ends_sessions(operator, acme, controller, capsys):
    from django.core.management import call_command

    enter(operator, acme, controller)
    call_command("impersonations", "--open")
    assert "Olga Operator as Controller at Acme Corporation" in capsys.readouterr().out
    call_command("impersonations", "--end", str(Impersonation.objects.get().pk), "--reason", "Enough.")

    assert newest(acme, SupportSession).end_reason == "ended"


def test_an_unknown_ticket_is_refused(acme, db):
    with pytest.raises(TicketInvalid):
        lifecycle.admit("nonsense", acme)


def test_commands_that_grant_access_are_closed_to_support():
    """Covers every command, new ones included."""
    keys = {
        "identity.manage_users",
        "webhooks.manage_endpoints",
        "webhooks.manage_sources",
        "audit.erase_person",
    }
    without_access = {
        *("webhooks.disable_endpoint", "webhooks.enable_endpoint", "webhooks.send_test_message"),
        *("webhooks.resend_message", "webhooks.reprocess_received", "webhooks.reseal_secrets"),
    }

    open_to_support = {
        command.command_name() for command in commands() if command.by_support and command.permission in keys
    }

    assert open_to_support - without_access == set()
