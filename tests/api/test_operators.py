"""The operator's plane: tenants, onboarding, the platform's own audit log."""

from __future__ import annotations

import pytest

from apps.tenancy.models import Tenant

NEW = {"slug": "initech", "name": "Initech", "owner_email": "bill@initech.example"}


@pytest.fixture
def platform(api, operator):
    return api(operator, None)


def test_tenants_are_listed(platform, acme):
    listed = platform.get("tenancy/tenants/").json()["results"]

    assert [tenant["slug"] for tenant in listed] == ["globex", "acme"]
    assert platform.get(f"tenancy/tenants/{acme.id}/").json()["activity"]["entries_posted"] == 0
    assert [t["slug"] for t in platform.get("tenancy/tenants/", slug="acme").json()["results"]] == ["acme"]


@pytest.mark.physical_copy
def test_an_owner_is_invited_again_over_the_api(platform):
    response = platform.post("operations/onboardings/", NEW)
    assert (response.status_code, response.json()["state"]) == (201, "active"), response.json()

    resent = platform.post(f"operations/tenants/{response.json()['id']}/resend-owner-invitation/")

    assert (resent.status_code, resent.json()["owner_invitation"]["state"]) == (200, "invited")


def test_a_dry_run_creates_nothing(platform):
    valid = platform.post("operations/onboardings/?dry_run=true", NEW)
    invalid = platform.post(
        "operations/onboardings/?dry_run=true",
        {"slug": "acme", "name": "Initech", "owner_email": "no-address", "currency": "XXX"},
    )

    assert valid.json() == {"would_be_done": True, "refusals": []}
    assert {refusal["code"] for refusal in invalid.json()["refusals"]} == {
        "tenancy.slug_taken",
        "identity.email_malformed",
        "kernel.currency_unknown",
    }
    assert Tenant.objects.count() == 2


def test_a_refused_onboarding_reports_every_reason(platform):
    response = platform.post(
        "operations/onboardings/", {"slug": "A!", "name": "A", "owner_email": "no-address"}
    )

    assert response.status_code == 422
    assert [error["code"] for error in response.json()["errors"]] == [
        "tenancy.slug_malformed",
        "identity.email_malformed",
    ]


def test_the_tenant_plane_has_no_tenant_list(api, owner):
    assert api(owner).get("tenancy/tenants/").status_code == 404


def test_each_plane_reads_its_own_audit_log(api, platform, owner):
    platforms = {record["command"] for record in platform.get("audit/records/").json()["results"]}
    acmes = {record["command"] for record in api(owner).get("audit/records/").json()["results"]}

    assert "operations.onboard_tenant" in platforms
    assert "operations.onboard_tenant" not in acmes
    assert "companies.found_company" in acmes
    assert "companies.found_company" not in platforms


def test_audit_records_are_filtered(api, auditor, accountant, chart, sale):
    api(accountant).post("ledger/entries/", sale)
    api(accountant).post("ledger/entries/", sale | {"posted_on": "1999-01-01"})
    caller = api(auditor)

    (done,) = caller.get("audit/records/", command="ledger.post_entry", outcome="done").json()["results"]
    (refused,) = caller.get("audit/records/", command="ledger.post_entry", outcome="refused").json()[
        "results"
    ]

    assert done["sentence"].startswith("Accountant posted")
    assert caller.get(f"audit/records/{refused['id']}/").json()["refusals"]
    together = caller.get("audit/records/", correlation_id=done["correlation_id"]).json()["results"]
    about = caller.get("audit/records/", subject_type="ledger.entry", subject_id=done["subject_id"]).json()
    assert done in together
    assert done in about["results"]


def test_the_companies_are_listed(api, auditor):
    (company,) = api(auditor).get("companies/companies/").json()["results"]

    assert (company["code"], company["currency"]) == ("MAIN", "USD")


def test_me_describes_the_signed_in_user(api, accountant, operator):
    me = api(accountant).get("identity/me/").json()

    assert (me["email"], me["tenant"], me["roles"]) == ("accountant@acme.example", "acme", ["accountant"])
    assert "ledger.post_entry" in me["permissions"]
    assert api(operator, None).get("identity/me/").json()["tenant"] is None
