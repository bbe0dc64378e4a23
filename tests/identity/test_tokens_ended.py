"""A change of a user or a tenant invalidates older tokens at once."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from apps.bus import dispatch
from apps.identity import rules
from apps.identity.accounts import mails
from apps.identity.commands import (
    ChangeRoles,
    DeactivateUser,
    InviteOperator,
    ReactivateUser,
    SetPassword,
)
from apps.identity.errors import (
    AlreadyActive,
    AlreadyDeactivated,
    CannotDeactivateYourself,
    LastAdministrator,
    OperatorsHaveNoRoles,
    RoleNeeded,
    RoleUnknown,
)
from apps.identity.models import ApiSession, User
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.tenancy import directory
from apps.tenancy.commands import SetTenantActive, SetTenantSuspended
from apps.tenancy.models import Tenant
from tests.support.database import PASSWORD, TESTER
from tests.support.people import accept, new_user
from tests.support.problems import refused
from tests.support.processes import eventually

NEW = "purple monkey dishwasher"


@pytest.fixture
def here(device, accountant):
    signed_in = device(accountant)
    assert signed_in.get().status_code == 200  # fills the cache
    return signed_in


class TestRoles:
    def test_a_change_of_roles_invalidates_access_tokens(self, here, accountant, owner, acme):
        with activate(acme):
            dispatch(ChangeRoles(user_id=accountant.pk, roles=("auditor",)), actor=owner)

        refused(here.get(), 401, "identity.token_outdated")
        assert here.refresh().status_code == 200
        assert here.get().json()["roles"] == ["auditor"]
        refused(here.post("ledger/entries/"), 403, "bus.permission_denied")

    def test_a_user_can_have_several_roles(self, accountant, owner, at_acme):
        dispatch(ChangeRoles(user_id=accountant.pk, roles=("auditor", "controller", "auditor")), actor=owner)

        assert User.objects.get(pk=accountant.pk).role_names == ["auditor", "controller"]

    def test_the_audit_log_names_the_new_roles(self, accountant, owner, at_acme):
        from apps.audit.models import Record

        dispatch(ChangeRoles(user_id=accountant.pk, roles=("auditor", "controller")), actor=owner)

        record = Record.objects.get(command="identity.change_roles")
        assert record.sentence == f"{owner} changed the roles of Accountant to auditor, controller."

    def test_an_invalid_list_of_roles_is_refused(self, accountant, owner, at_acme):
        with pytest.raises(RoleUnknown):
            dispatch(ChangeRoles(user_id=accountant.pk, roles=("king",)), actor=owner)
        with pytest.raises(RoleNeeded):
            dispatch(ChangeRoles(user_id=accountant.pk, roles=()), actor=owner)

    def test_roles_for_an_operator_are_refused(self, operator):
        with pytest.raises(OperatorsHaveNoRoles):
            dispatch(ChangeRoles(user_id=operator.pk, roles=("auditor",)), actor=operator)

    def test_demoting_the_last_owner_is_refused(self, owner, at_acme):
        with pytest.raises(LastAdministrator):
            dispatch(ChangeRoles(user_id=owner.pk, roles=("auditor",)), actor=owner)

        ada = new_user("ada@acme.example", "Ada", "owner", actor=owner)
        dispatch(ChangeRoles(user_id=owner.pk, roles=("auditor",)), actor=owner)
        with pytest.raises(LastAdministrator):
            dispatch(ChangeRoles(user_id=ada.pk, roles=("auditor",)), actor=ada)

    def test_a_rolled_back_change_of_roles_invalidates_nothing(self, here, accountant, owner, acme):
        with activate(acme), transaction.atomic():
            dispatch(ChangeRoles(user_id=accountant.pk, roles=("auditor",)), actor=owner)
            transaction.set_rollback(True)

        assert here.get().json()["roles"] == ["accountant"]


class TestPasswords:
    def assert_session_ended(self, here):
        refused(here.get(), 401, "identity.token_outdated")
        refused(here.refresh(), 401, "identity.session_ended")

    def test_setting_a_password_ends_the_sessions(self, here, accountant, owner, acme):
        with activate(acme):
            dispatch(SetPassword(user_id=accountant.pk, password=NEW), actor=owner)

        self.assert_session_ended(here)

    def test_changing_ones_password_ends_the_sessions(self, here, client_for, accountant):
        response = client_for(accountant).post(
            "/t/acme/password_change/",
            {"current_password": PASSWORD, "new_password": NEW, "repeated_password": NEW},
        )

        assert response.status_code == 302, response.content
        self.assert_session_ended(here)

    def test_a_password_set_by_link_ends_the_sessions(self, here, accountant, acme, mailoutbox):
        with activate(acme):
            mails.send_password_link(User.objects.get(pk=accountant.pk))
        (link,) = re.findall(r"localhost:8000(\S+)", mailoutbox[0].body)

        assert Client().post(link, {"new_password": NEW, "repeated_password": NEW}).status_code == 302

        self.assert_session_ended(here)

    def test_sessions_of_other_users_stay_open(self, here, auditor, owner, device, acme):
        other = device(auditor)
        with activate(acme):
            dispatch(SetPassword(user_id=auditor.pk, password=NEW), actor=owner)

        self.assert_session_ended(other)
        assert here.get().status_code == 200


class TestDeactivation:
    def test_sessions_stay_ended_after_a_reactivation(self, here, client_for, accountant, owner, acme):
        browser = client_for(accountant)
        with activate(acme):
            dispatch(DeactivateUser(user_id=accountant.pk, reason="left us"), actor=owner)

        refused(here.get(), 401, "identity.token_outdated")
        refused(here.refresh(), 401, "identity.session_ended")
        assert browser.get("/t/acme/api/v1/identity/me/").status_code == 401

        with activate(acme):
            dispatch(ReactivateUser(user_id=accountant.pk, reason="is back"), actor=owner)
        refused(here.get(), 401, "identity.token_outdated")
        refused(here.refresh(), 401, "identity.session_ended")

    def test_a_repeated_deactivation_is_refused(self, accountant, owner, at_acme):
        with pytest.raises(AlreadyActive):
            dispatch(ReactivateUser(user_id=accountant.pk, reason="x"), actor=owner)
        dispatch(DeactivateUser(user_id=accountant.pk, reason="x"), actor=owner)
        with pytest.raises(AlreadyDeactivated):
            dispatch(DeactivateUser(user_id=accountant.pk, reason="x"), actor=owner)

    def test_deactivating_the_own_account_is_refused(self, owner, operator, at_acme):
        with pytest.raises(CannotDeactivateYourself):
            dispatch(DeactivateUser(user_id=owner.pk, reason="x"), actor=owner)
        ada = new_user("ada@acme.example", "Ada", "owner", actor=owner)
        dispatch(DeactivateUser(user_id=owner.pk, reason="x"), actor=ada)
        assert not User.objects.get(pk=owner.pk).is_active

    def test_a_user_is_managed_over_the_api(self, device, owner, accountant):
        boss = device(owner)

        response = boss.post(f"identity/users/{accountant.pk}/deactivate/", {"reason": "left us"})
        assert (response.status_code, response.json()["is_active"]) == (200, False)
        response = boss.post(f"identity/users/{accountant.pk}/reactivate/", {"reason": "is back"})
        assert (response.status_code, response.json()["is_active"]) == (200, True)
        response = boss.post(f"identity/users/{accountant.pk}/roles/", {"roles": ["auditor"]})
        assert (response.status_code, response.json()["roles"]) == (200, ["auditor"])


class TestLastAdministrator:
    """Two owners deactivate each other concurrently: one remains."""

    @pytest.fixture
    def two(self, owner, acme):
        with activate(acme):
            ada = new_user("ada@acme.example", "Ada", "owner", actor=owner)
        return owner, ada

    def race(self, tenant, two) -> list[str]:
        start, outcomes = threading.Barrier(2), []

        def deactivate(user: User, by: User) -> None:
            try:
                with activate(tenant):
                    by = User.objects.get(pk=by.pk)
                    by.get_all_permissions()
                    start.wait(120)
                    dispatch(DeactivateUser(user_id=user.pk, reason="x"), actor=by)
                    outcomes.append("done")
            except LastAdministrator:
                outcomes.append("refused")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=deactivate, args=pair) for pair in (two, two[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(180)
        return sorted(outcomes)

    def test_the_second_concurrent_deactivation_is_refused(self, acme, two):
        assert self.race(acme, two) == ["done", "refused"]

    def test_without_the_lock_both_deactivations_succeed(self, acme, two, monkeypatch):
        """The control."""
        both = threading.Barrier(2)
        original = rules.an_administrator_must_remain

        def wait_for_both(without: User) -> None:
            original(without)
            both.wait(120)

        monkeypatch.setattr(rules, "user_must_exist_for_change", rules.user_must_exist)
        monkeypatch.setattr(rules, "an_administrator_must_remain", wait_for_both)

        assert self.race(acme, two) == ["done", "done"]

    def test_deactivating_the_last_operator_is_refused(self, operator):
        other = accept(dispatch(InviteOperator(email="otto@bursar.example", name="Otto"), actor=operator))
        dispatch(DeactivateUser(user_id=operator.pk, reason="x"), actor=other)

        with pytest.raises(LastAdministrator):
            dispatch(DeactivateUser(user_id=other.pk, reason="x"), actor=System("Tests"))


def test_a_password_changed_during_sign_in_is_refused(acme, accountant, owner, monkeypatch):
    """The password changes between its verification and the start of the session."""
    from apps.identity.tokens import strategy

    def change_password_first(command, *, actor):
        dispatch(SetPassword(user_id=accountant.pk, password=NEW), actor=TESTER)
        return dispatch(command, actor=actor)

    monkeypatch.setattr(strategy, "dispatch", change_password_first)
    shown = {"email": accountant.email, "password": PASSWORD}
    response = Client().post("/t/acme/api/v1/identity/tokens/", shown, content_type="application/json")

    refused(response, 401, "identity.credentials_refused")


class TestTenantEpoch:
    def test_a_new_tenant_epoch_invalidates_tokens_without_ending_sessions(
        self, here, device, globex_accountant, globex, acme
    ):
        there = device(globex_accountant, globex)
        Tenant.objects.filter(pk=acme.id).update(epoch=acme.epoch + 1)
        directory.changed()

        refused(here.get(), 401, "identity.token_outdated")
        assert there.get().status_code == 200
        assert here.refresh().status_code == 200
        assert here.get().status_code == 200

    def test_tokens_from_before_a_suspension_stay_invalid(self, here, acme, operator):
        """Tokens from before the suspension stay invalid after the reactivation."""
        dispatch(SetTenantSuspended(tenant_id=acme.id, reason="unpaid"), actor=operator)
        refused(here.get(), 403, "tenancy.tenant_is_suspended")
        old = here.tokens["access_token"]

        dispatch(SetTenantActive(tenant_id=acme.id, reason="paid"), actor=operator)
        refused(here.get(token=old), 401, "identity.token_outdated")
        assert here.refresh().status_code == 200
        assert here.get().status_code == 200


ELSEWHERE = """
import django; django.setup()
from apps.bus import dispatch
from apps.identity.commands import ChangeRoles
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.tenancy import directory
with activate(directory.by_slug("acme")):
    dispatch(ChangeRoles(user_id={user}, roles=("auditor",)), actor=System("elsewhere"))
"""


def test_a_change_in_another_process_invalidates_tokens(here, accountant, environment):
    """The cache of this process is invalidated."""
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE.format(user=accountant.pk)],
        env=environment,
        check=True,
        capture_output=True,
        timeout=180,
    )

    eventually(lambda: here.get().status_code == 401, 2)
    refused(here.get(), 401, "identity.token_outdated")


class TestUserEpoch:
    """The database maintains the epoch, whatever code writes the row."""

    def test_raw_sql_raises_the_epoch(self, accountant, at_acme):
        before = User.objects.get(pk=accountant.pk).epoch
        for column, value in (("password", "x"), ("is_active", False), ("is_superuser", True)):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE identity_user SET {column} = %s WHERE id = %s", [value, accountant.pk]
                )

        assert User.objects.get(pk=accountant.pk).epoch == before + 3

    def test_saving_a_stale_row_does_not_lower_the_epoch(self, accountant, owner, at_acme):
        stale = User.objects.get(pk=accountant.pk)
        dispatch(ChangeRoles(user_id=accountant.pk, roles=("auditor",)), actor=owner)
        current = User.objects.get(pk=accountant.pk).epoch
        assert current > stale.epoch

        stale.name = "Stale"
        stale.save()

        assert User.objects.get(pk=accountant.pk).epoch == current

    def test_signing_in_leaves_the_epoch_unchanged(self, here, client_for, accountant, acme):
        with activate(acme):
            before = User.objects.get(pk=accountant.pk).epoch
            client_for(accountant)
            assert User.objects.get(pk=accountant.pk).epoch == before
        assert here.get().status_code == 200

    def test_a_rehashed_password_ends_the_sessions(self, accountant, at_acme):
        """Django rehashes a password after a change of the cost parameter, which ends older sessions."""
        user = User.objects.get(pk=accountant.pk)
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])

        assert user.epoch == User.objects.get(pk=accountant.pk).epoch == accountant.epoch + 1
        assert not ApiSession.objects.of(user).open().exists()
