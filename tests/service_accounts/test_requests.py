"""Requests of programs: what their token opens, what it does not, and what it costs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.bus.sending import dispatch_async
from apps.companies.commands import FoundCompany
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.service_accounts import queries, tokens
from apps.service_accounts.models import ServiceToken
from apps.service_accounts.programs import Program
from apps.tenancy.commands import SetTenantActive, SetTenantSuspended
from tests.support.database import TESTER
from tests.support.problems import refused
from tests.support.programs import creation
from tests.support.settling import settle

ACCOUNT = {"code": "1000", "name": "Cash", "type": "asset"}
INVALID = "service_accounts.service_token_invalid"


def test_a_program_acts_under_its_own_name_within_its_scopes(program, at_acme, payroll):
    client = program(payroll.new_token)

    opened = client.post("ledger/accounts/", ACCOUNT)
    me = client.get("identity/me/").json()

    assert opened.status_code == 201, opened.content
    record = Record.objects.get(command="ledger.open_account")
    assert (record.actor_name, record.actor_id) == (f"service account payroll ({payroll.pk})", -payroll.pk)
    assert (me["name"], me["permissions"]) == ("payroll", ["ledger.manage_accounts", "ledger.view_account"])
    refused(client.get("identity/users/"), 403, "bus.read_permission_denied")
    refused(client.post("identity/users/1/deactivate/", {"reason": "left us"}), 403, "bus.permission_denied")


def test_a_token_opens_its_own_tenant_only(program, acme, globex, payroll):
    for tenant in (globex, None):
        refused(
            program(payroll.new_token, tenant).get("identity/me/"), 403, "identity.token_of_another_tenant"
        )
    renamed = payroll.new_token.replace("_acme_", "_globex_")
    refused(program(renamed, globex).get("identity/me/"), 401, INVALID)


def test_a_program_sends_no_command_that_demands_a_fresh_authentication(program, at_acme, owner, accountant):
    scopes = ("identity.manage_users", "service_accounts.manage_service_accounts")
    client = program(dispatch(creation(owner, scopes=scopes), actor=owner).new_token)

    change = client.post(f"identity/users/{accountant.pk}/roles/", {"roles": ["owner"]})
    refused(change, 403, "bus.not_for_programs")
    refused(client.post("identity/reauthenticate/", {"password": "x"}), 403, "bus.not_for_programs")


def test_a_token_ends_on_its_day(program, acme, payroll):
    client = program(payroll.new_token)
    with activate(acme):
        ends = ServiceToken.objects.get().expires_at

    with moved_to(ends - dt.timedelta(seconds=1)):
        assert client.get("identity/me/").status_code == 200
    with moved_to(ends):
        refused(client.get("identity/me/"), 401, INVALID)


def test_a_closed_tenant_ends_its_tokens(program, acme, payroll):
    client = program(payroll.new_token)
    assert client.get("identity/me/").status_code == 200

    dispatch(SetTenantSuspended(tenant_id=acme.id, reason="unpaid"), actor=TESTER)
    assert client.get("identity/me/").status_code == 403
    dispatch(SetTenantActive(tenant_id=acme.id, reason="paid"), actor=TESTER)

    refused(client.get("identity/me/"), 401, INVALID)


def test_a_warm_token_is_validated_without_a_query_and_its_use_is_noted_each_minute(program, acme, payroll):
    with activate(acme):
        tokens.grant_of(payroll.new_token)
        with CaptureQueriesContext(connections["default"]) as captured:
            for _ in range(3):
                tokens.grant_of(payroll.new_token)
        first = ServiceToken.objects.get().last_used_at
        with moved_to(now() + dt.timedelta(seconds=61)):
            tokens.grant_of(payroll.new_token)

        assert captured.captured_queries == []
        assert first < ServiceToken.objects.get().last_used_at


def test_invalid_tokens_are_limited_for_an_address(program, acme, payroll):
    client = program("bursar_sa_acme_guess")

    statuses = [client.get("identity/me/").status_code for _ in range(32)]

    assert statuses == [401] * 30 + [429] * 2
    assert program(payroll.new_token).get("identity/me/").status_code == 200


def test_a_worker_executes_within_the_scopes_of_the_program_that_sent(at_acme, payroll):
    sender = queries.actor(-payroll.pk)
    assert isinstance(sender, Program)

    dispatch_async(OpenAccount(code="1000", name="Cash", type="asset"), actor=sender)
    with pytest.raises(PermissionDenied):
        dispatch_async(FoundCompany(code="X", name="X", currency="EUR"), actor=sender)
    settle()

    assert Record.objects.get(command="ledger.open_account", outcome="done").actor_id == -payroll.pk


def test_a_worker_executes_nothing_for_a_revoked_program(at_acme, owner, payroll):
    payroll.revoke("leaked")

    assert queries.actor(-payroll.pk) is None


def test_a_program_has_no_sessions_and_no_security_activity(program, acme, payroll):
    client = program(payroll.new_token)

    assert client.get("identity/sessions/").json()["results"] == []
    assert client.get("identity/security-activity/").status_code == 404
    assert client.post("identity/sessions/end-others/", {}).status_code == 404
