"""Creating, rotating and revoking service accounts, in both planes and through every entry point."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.contrib.auth.models import Permission
from django.db import Error, connection, transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import NotAsSupport
from apps.bus.models import IdempotencyKey
from apps.events.models import OutboxEvent
from apps.identity.models import User
from apps.kernel.actors import Support, impersonated_by
from apps.kernel.clock import moved_to, now, today
from apps.kernel.errors import Refusal
from apps.service_accounts import queries, tokens
from apps.service_accounts.commands import RevokeServiceAccount, RotateServiceAccountToken
from apps.service_accounts.errors import (
    ExpiryOutOfRange,
    NameTaken,
    OverlapOutOfRange,
    OwnerUnknown,
    ScopeNotGrantable,
    ScopesMissing,
    ScopeUnknown,
    ServiceAccountRevoked,
)
from apps.service_accounts.models import ServiceAccount, ServiceToken
from tests.support.problems import refused
from tests.support.programs import IN_NINETY_DAYS, creation

BODY = {
    "name": "payroll",
    "purpose": "posts salaries",
    "scopes": ["ledger.view_account"],
    "expires_on": IN_NINETY_DAYS.isoformat(),
}


def everything_stored() -> str:
    """All that a created account leaves in the database of the current plane."""
    tables = (ServiceAccount, ServiceToken, Record, IdempotencyKey, OutboxEvent)
    return str([list(table.objects.values()) for table in tables])


def test_the_token_names_its_tenant_and_only_its_digest_is_stored(at_acme, payroll):
    assert payroll.new_token.startswith("bursar_sa_acme_")
    assert len(payroll.new_token) > 55
    assert ServiceToken.objects.get().digest == tokens.digest_of(payroll.new_token)
    assert payroll.new_token not in everything_stored()
    assert "service_account.created" in everything_stored()
    assert Record.objects.get(command="service_accounts.create_service_account").sentence == (
        f"owner@acme.example created service account payroll ({payroll.pk})"
        " with the scopes ledger.view_account, ledger.manage_accounts."
    )


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"scopes": ()}, ScopesMissing),
        ({"scopes": ("ledger.fly",)}, ScopeUnknown),
        ({"expires_on": today()}, ExpiryOutOfRange),
        ({"expires_on": today() + dt.timedelta(days=367)}, ExpiryOutOfRange),
        ({"owner_id": 999}, OwnerUnknown),
        ({"name": "PAYROLL"}, NameTaken),
    ],
)
def test_a_wrong_account_is_refused(at_acme, owner, payroll, fields, refusal):
    with pytest.raises(refusal):
        dispatch(creation(owner, **{"name": "other"} | fields), actor=owner)


def test_a_granter_gives_no_scope_that_they_lack(at_acme, owner, accountant, payroll):
    """By creation and by rotation, which also yields a token."""
    grant(accountant, "manage_service_accounts")
    manager = User.objects.get(pk=accountant.pk)
    rotation = RotateServiceAccountToken(service_account_id=payroll.pk, expires_on=IN_NINETY_DAYS)

    with pytest.raises(ScopeNotGrantable):
        dispatch(creation(owner, name="other", scopes=("identity.manage_users",)), actor=manager)
    with pytest.raises(ScopeNotGrantable):
        dispatch(rotation, actor=manager)
    dispatch(creation(owner, name="other", scopes=("ledger.post_entry",)), actor=manager)


def grant(user: User, codename: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_a_support_session_creates_no_account(at_acme, owner):
    with impersonated_by(Support("Ola Operator", 1)), pytest.raises(NotAsSupport):
        dispatch(creation(owner), actor=owner)


def test_a_repeated_request_shows_no_token(api, owner, at_acme):
    caller, body = api(owner), BODY | {"owner_id": owner.pk}
    first = caller.post("service-accounts/accounts/", body, key="4711")
    second = caller.post("service-accounts/accounts/", body, key="4711")

    token = first.json()["new_token"]
    assert (first.status_code, first["Cache-Control"]) == (201, "no-store")
    assert token.startswith("bursar_sa_acme_")
    assert second["Idempotency-Replayed"] == "true"
    assert (second.json()["new_token"], token in second.content.decode()) == ("", False)
    assert "rotate it" in second.json()["notice"]
    assert ServiceToken.objects.count() == 1
    assert token not in everything_stored()


def test_the_console_shows_the_token_once(client_for, owner, at_acme):
    client, page = client_for(owner), "/t/acme/service-accounts/create/"
    form = BODY | {"owner_id": owner.pk, "idempotency_key": "4711"}
    assert 'value="ledger.view_account"' in client.get(page).content.decode()

    first, second = client.post(page, form), client.post(page, form)

    assert "bursar_sa_acme_" in first.content.decode()
    assert "no-store" in first["Cache-Control"]
    assert "bursar_sa_acme_" not in second.content.decode()
    assert "was shown once" in second.content.decode()
    row = client.get(f"/t/acme/service_accounts/serviceaccount/{ServiceAccount.objects.get().pk}/change/")
    assert "/rotate-token/" in row.content.decode()
    assert client.get("/t/acme/service_accounts/serviceaccount/").status_code == 200


def test_a_rotated_token_overlaps_with_the_former_one(program, owner, at_acme, payroll):
    former = program(payroll.new_token)
    assert former.get("ledger/accounts/").status_code == 200

    rotated = dispatch(
        RotateServiceAccountToken(service_account_id=payroll.pk, expires_on=IN_NINETY_DAYS, overlap_hours=2),
        actor=owner,
    )
    new = program(rotated.new_token)

    assert former.get("ledger/accounts/").status_code == new.get("ledger/accounts/").status_code == 200
    with moved_to(now() + dt.timedelta(hours=2, seconds=1)):
        refused(former.get("ledger/accounts/"), 401, "service_accounts.service_token_invalid")
        assert new.get("ledger/accounts/").status_code == 200


@pytest.mark.parametrize("hours", [-1, 721])
def test_a_rotation_with_a_wrong_overlap_is_refused(at_acme, owner, payroll, hours):
    with pytest.raises(OverlapOutOfRange):
        dispatch(
            RotateServiceAccountToken(
                service_account_id=payroll.pk, expires_on=IN_NINETY_DAYS, overlap_hours=hours
            ),
            actor=owner,
        )


def test_a_revoked_account_ends_at_once_and_for_good(program, owner, at_acme, payroll):
    client = program(payroll.new_token)
    assert client.get("ledger/accounts/").status_code == 200

    dispatch(RevokeServiceAccount(service_account_id=payroll.pk, reason="leaked"), actor=owner)

    refused(client.get("ledger/accounts/"), 401, "service_accounts.service_token_invalid")
    with pytest.raises(ServiceAccountRevoked):
        dispatch(
            RotateServiceAccountToken(service_account_id=payroll.pk, expires_on=IN_NINETY_DAYS), actor=owner
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE service_accounts_servicetoken SET expires_at = expires_at + interval '1 second'",
        "UPDATE service_accounts_servicetoken SET digest = 'another'",
        "UPDATE service_accounts_servicetoken SET tenant_epoch = 1",
        "UPDATE service_accounts_serviceaccount SET revoked_at = NULL",
        "UPDATE service_accounts_serviceaccount SET scopes = '{identity.manage_users}'",
        "INSERT INTO service_accounts_servicetoken (account_id, digest, tenant_epoch, issued_at, expires_at)"
        " SELECT account_id, digest, tenant_epoch, issued_at, expires_at FROM service_accounts_servicetoken",
        "INSERT INTO service_accounts_servicetoken (account_id, digest, tenant_epoch, issued_at, expires_at)"
        " SELECT account_id, 'x', 0, now(), now() + interval '400 days' FROM service_accounts_servicetoken",
        "INSERT INTO service_accounts_servicetoken (account_id, digest, tenant_epoch, issued_at)"
        " SELECT account_id, 'x', 0, now() FROM service_accounts_servicetoken",
        "INSERT INTO service_accounts_serviceaccount"
        " (name, purpose, scopes, created_at, revoked_reason, owner_id)"
        " SELECT 'x', 'x', '{}', now(), '', owner_id FROM service_accounts_serviceaccount",
        "DELETE FROM service_accounts_servicetoken",
    ],
)
def test_the_database_refuses_what_would_revive_or_widen_a_token(at_acme, owner, payroll, statement):
    dispatch(RevokeServiceAccount(service_account_id=payroll.pk, reason="leaked"), actor=owner)

    with pytest.raises((Error, Refusal)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_platform_has_accounts_of_its_own(program, operator, db, acme):
    body = creation(operator, name="monitor", scopes=("tenancy.view_tenant",))
    account = dispatch(body, actor=operator)
    assert account.new_token.startswith("bursar_sa_platform_")

    assert program(account.new_token, None).get("tenancy/tenants/").status_code == 200
    refused(program(account.new_token).get("ledger/accounts/"), 403, "identity.token_of_another_tenant")


def test_a_revocation_in_the_console(client_for, owner, at_acme, payroll):
    response = client_for(owner).post(
        f"/t/acme/service-accounts/{payroll.pk}/revoke/", {"reason": "leaked"}, follow=True
    )

    assert "payroll is revoked" in response.content.decode()


def test_accounts_are_listed_without_their_tokens(api, owner, auditor, accountant, payroll):
    listed = api(auditor).get("service-accounts/accounts/")

    (row,) = listed.json()["results"]
    assert (row["name"], row["owner"], row["tokens"][0]["valid"]) == ("payroll", owner.pk, True)
    assert "digest" not in json.dumps(row)
    refused(api(accountant).get("service-accounts/accounts/"), 403, "bus.read_permission_denied")


def test_permissions_of_django_which_open_nothing_are_no_scopes(operator):
    scopes = queries.grantable(operator)

    assert "tenancy.activate_tenant" in scopes
    assert [scope for scope in scopes if scope.startswith(("account.", "admin.", "auth."))] == []
