"""Renaming a tenant: the new address, the redirect of the former one, and its reservation."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.test import Client

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.kernel.actors import System
from apps.kernel.clock import now, today
from apps.kernel.db.violations import refusal_behind
from apps.kernel.tenant import activate
from apps.operations.commands import OnboardTenant
from apps.service_accounts.commands import CreateServiceAccount
from apps.tenancy import directory, rules
from apps.tenancy.commands import CreateTenant, DiscardTenant, RenameTenant
from apps.tenancy.errors import (
    HostTaken,
    ReasonMissing,
    SlugConfusable,
    SlugMalformed,
    SlugReserved,
    SlugTaken,
    SlugWasUsed,
    TenantNameMissing,
)
from apps.tenancy.models import Domain, FormerSlug, Tenant
from tests.support.locks import session_of_owner, wait_for_blocked
from tests.support.sqlstate import NO_RIGHT, refused
from tests.support.threads import in_tenant, in_thread

SUITE = System("The suite")
METHODS = ("get", "post", "put", "patch", "delete", "options", "head")


def rename(tenant, slug, **fields):
    command = RenameTenant(tenant_id=tenant.id, slug=slug, reason="Merged.", **fields)
    return dispatch(command, actor=SUITE)


@pytest.fixture
def renamed(acme):
    return rename(acme, "apex", name="Apex").info


def test_a_renamed_tenant_is_at_its_new_address_by_path_and_by_host(renamed):
    client = Client()

    assert "Apex" in client.get("/t/apex/accounts/login/").content.decode()
    assert "Apex" in client.get("/accounts/login/", headers={"host": "apex.localhost"}).content.decode()
    assert [row.domain for row in Domain.objects.filter(tenant_id=renamed.id)] == ["apex.localhost"]


@pytest.mark.parametrize("method", METHODS)
def test_the_former_path_redirects_with_method_query_and_body(renamed, method):
    response = getattr(Client(), method)("/t/acme/api/v1/sales/orders/?page_size=5&q=%25")

    assert response.status_code == 308
    assert response.headers["Location"] == "/t/apex/api/v1/sales/orders/?page_size=5&q=%25"


@pytest.mark.parametrize("method", METHODS)
def test_the_former_host_redirects_to_the_new_one(renamed, method):
    response = getattr(Client(), method)("/x/?a=1", headers={"host": "acme.localhost:8000"})

    assert response.status_code == 308
    assert response.headers["Location"] == "http://apex.localhost:8000/x/?a=1"


@pytest.mark.parametrize(("path", "location"), [("/t/acme", "/t/apex"), ("/T/ACME/", "/t/apex/")])
def test_every_form_of_the_former_path_redirects(renamed, path, location):
    assert Client().get(path).headers["Location"] == location


def test_a_second_renaming_redirects_both_former_names_and_the_first_can_be_taken_back(renamed):
    rename(renamed, "zenith")
    assert [Client().get(f"/t/{slug}/").headers["Location"] for slug in ("acme", "apex")] == [
        "/t/zenith/"
    ] * 2

    rename(renamed, "acme")

    assert Client().get("/t/acme/accounts/login/").status_code == 200
    assert Client().get("/t/zenith/").headers["Location"] == "/t/acme/"


def test_a_session_begins_anew_at_the_new_address(acme, accountant, client_for):
    client = client_for(accountant)

    rename(acme, "apex")

    assert client.get("/t/acme/").status_code == 308
    assert {morsel["path"] for morsel in client.cookies.values()} == {"/t/acme/"}, "not sent to /t/apex/"


def test_a_token_of_a_service_account_is_valid_after_a_renaming(acme, owner):
    with activate(acme):
        command = CreateServiceAccount(
            name="Robot",
            purpose="Import.",
            owner_id=owner.pk,
            scopes=("ledger.view_account",),
            expires_on=today() + dt.timedelta(days=9),
        )
        account = dispatch(command, actor=owner)

    rename(acme, "apex")

    headers = {"Authorization": f"Bearer {account.new_token}"}
    assert Client().get("/t/apex/api/v1/ledger/accounts/", headers=headers).status_code == 200
    assert Client().get("/t/globex/api/v1/ledger/accounts/", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"slug": "globex"}, SlugTaken),
        ({"slug": "g1obex"}, SlugConfusable),
        ({"slug": "admin"}, SlugReserved),
        ({"slug": "A b"}, SlugMalformed),
        ({"slug": ""}, SlugMalformed),
        ({"name": " "}, TenantNameMissing),
        ({"reason": ""}, ReasonMissing),
    ],
)
def test_an_invalid_name_is_refused_and_leaves_the_tenant(acme, globex, fields, refusal):
    with pytest.raises(refusal):
        dispatch(RenameTenant(**{"tenant_id": acme.id, "reason": "x", **fields}), actor=SUITE)

    assert (Tenant.objects.get(pk=acme.id).slug, FormerSlug.objects.count()) == ("acme", 0)


def test_a_name_is_changed_under_a_short_name_that_is_reserved_by_now(acme):
    Tenant.objects.filter(pk=acme.id).update(slug="adrnin")

    assert rename(acme, "adrnin", name="Apex").name == "Apex"
    assert rename(acme, None, name="Zenith").name == "Zenith"


def test_a_short_name_whose_host_is_that_of_another_tenant_is_refused(acme, globex):
    Domain.objects.create(tenant_id=globex.id, domain="apex.localhost", is_primary=False)

    with pytest.raises(HostTaken):
        rename(acme, "apex")

    assert (Tenant.objects.get(pk=acme.id).slug, FormerSlug.objects.count()) == ("acme", 0)
    with pytest.raises(HostTaken):
        dispatch(CreateTenant(slug="apex", name="X", owner_email="x@x.example"), actor=SUITE)


def test_the_database_refuses_a_host_of_two_tenants_with_the_same_code(acme, globex):
    with pytest.raises(DatabaseError) as raised:
        Domain.objects.create(tenant_id=globex.id, domain="acme.localhost", is_primary=False)

    assert isinstance(refusal_behind(raised.value), HostTaken)


@pytest.mark.parametrize("hosts", [(), ("apex.localhost",), ("acme.localhost", "apex.localhost")])
def test_a_renamed_tenant_has_its_new_host_whichever_hosts_it_had(acme, hosts):
    Domain.objects.filter(tenant_id=acme.id).delete()
    for host in hosts:
        Domain.objects.create(tenant_id=acme.id, domain=host, is_primary=host == "acme.localhost")

    rename(acme, "apex")

    rows = Domain.objects.filter(tenant_id=acme.id)
    assert [*rows.values_list("domain", "is_primary")] == [("apex.localhost", True)]


@pytest.mark.parametrize("slug", ["acme", "acrne"])
def test_no_other_tenant_gets_a_former_name_or_one_like_it(renamed, globex, slug):
    with pytest.raises(SlugWasUsed):
        rename(globex, slug)
    with pytest.raises(SlugWasUsed):
        dispatch(CreateTenant(slug=slug, name="X", owner_email="x@x.example"), actor=SUITE)
    assert [
        type(one)
        for one in dry_run(OnboardTenant(slug=slug, name="X", owner_email="x@x.example"), actor=SUITE)
    ] == [SlugWasUsed]


def test_the_database_reserves_a_former_name_against_any_writer(renamed, globex):
    taken = f"UPDATE tenancy_tenant SET slug = 'acme' WHERE id = {globex.id}"

    assert refused(taken) == "BT004"
    assert refused(taken, alias="owner") == "BT004"


def test_the_database_reserves_a_former_name_after_the_tenant_is_gone(renamed, globex):
    FormerSlug.objects.filter(pk="acme").get()
    for statement in ("DELETE FROM tenancy_formerslug", "UPDATE tenancy_formerslug SET tenant_id = 2"):
        assert refused(statement) == NO_RIGHT
        assert refused(statement, alias="owner") == NO_RIGHT
    assert refused("INSERT INTO tenancy_formerslug VALUES ('x', 1, now())") == NO_RIGHT


def test_the_database_writes_the_former_name_of_a_renaming_by_any_writer(acme):
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenancy_tenant SET slug = 'apex' WHERE id = %s", [acme.id])

    assert FormerSlug.objects.get().tenant_id == acme.id


def test_a_renaming_that_meets_an_onboarding_of_the_former_name_leaves_one_of_them(acme):
    """Another connection inserts the name while the renaming is not committed: it waits, and is refused."""

    def insert():
        try:
            return in_tenant(None, lambda: _insert_tenant("acrne"))
        except DatabaseError as error:
            return error

    with session_of_owner() as other:
        other.execute("UPDATE public.tenancy_tenant SET slug = 'apex' WHERE id = %s", [acme.id])
        with in_thread(insert) as outcome:
            wait_for_blocked(by=other.info.backend_pid)
            other.commit()

    assert getattr(outcome[0].__cause__, "sqlstate", None) == "BT004"


def _insert_tenant(slug):
    Tenant.objects.create(
        slug=slug,
        name="X",
        owner_email="x@x.example",
        schema_name="tenant_90",
        id=90,
        created_at=now(),
    )


@pytest.mark.physical_copy
def test_a_discarded_tenant_frees_its_name(db):
    tenant = dispatch(CreateTenant(slug="novel", name="X", owner_email="x@x.example"), actor=SUITE)
    dispatch(DiscardTenant(tenant_id=tenant.pk), actor=SUITE)

    rules.slug_must_be_free("novel")


def test_the_audit_log_has_both_names_of_a_renaming(renamed):
    record = Record.objects.get(command="tenancy.rename_tenant")

    assert {(change["field"], change["before"], change["after"]) for change in record.changes} == {
        ("slug", "acme", "apex"),
        ("name", "Acme Corporation", "Apex"),
    }


def test_the_page_renames_and_refuses_a_stale_form(acme, client_for, operator):
    client, path = client_for(operator, None), f"/tenants/{acme.id}/rename/"
    opened = json.dumps({"slug": "acme", "name": "Acme Corporation"})
    fields = {"slug": "apex", "name": "Acme", "reason": "Merged.", "opened_with": opened}

    assert client.post(path, fields).status_code == 302
    assert client.post(path, {**fields, "slug": "zenith"}).status_code == 412
    assert directory.by_slug("apex")


def test_the_api_renames_a_tenant(acme, api, operator):
    response = api(operator, None).post(f"tenancy/tenants/{acme.id}/rename/", {"slug": "apex", "reason": "x"})

    assert (response.status_code, response.json()["slug"]) == (200, "apex")


def test_the_verb_renames_a_tenant_and_its_dry_run_does_not(acme):
    def verb(*options):
        out = io.StringIO()
        call_command(
            "tenant", "rename", "acme", "--as", "apex", "--reason", "x", "--json", *options, stdout=out
        )
        return json.loads(out.getvalue())

    assert verb("--dry-run") == {"dry_run": True}
    assert not FormerSlug.objects.exists()
    assert verb()["slug"] == "apex"
