"""`manage.py onboard`: output and exit code."""

import io
import json

import pytest
from django.core.management import call_command

from apps.tenancy.models import Tenant

INITECH = ("initech", "--name", "Initech", "--owner-email", "bill@initech.example")


def onboard(*words):
    """(exit code, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("onboard", *words, stdout=out, stderr=err)
    except SystemExit as stopped:
        return stopped.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.mark.physical_copy
def test_the_output_names_console_and_owner_of_the_tenant(db):
    code, out, _ = onboard(*INITECH)

    assert code == 0
    assert "http://localhost:8000/t/initech/" in out
    assert "bill@initech.example; an e-mail with the invitation is on its way." in out


@pytest.mark.physical_copy
def test_the_output_is_one_json_document(db):
    code, out, _ = onboard(*INITECH, "--json")

    response = json.loads(out)
    assert (code, response["slug"], response["state"]) == (0, "initech", "active")


def test_a_dry_run_creates_nothing(db):
    assert onboard(*INITECH, "--dry-run")[0] == 0
    code, out, err = onboard("acme", "--name", "", "--owner-email", "bill", "--dry-run", "--json")

    assert code == 3
    assert {load["code"] for load in json.loads(out)["errors"]} == {
        "tenancy.slug_taken",
        "operations.name_missing",
        "identity.email_malformed",
    }
    assert "tenancy.slug_taken: The short name 'acme' is taken." in err
    assert Tenant.objects.count() == 2


def test_a_refused_command_exits_with_code_3(db):
    code, out, err = onboard("acme", "--name", "Acme", "--owner-email", "a@b.example")

    assert (code, out) == (3, "")
    assert "tenancy.slug_taken" in err


def test_an_unknown_tenant_exits_with_code_3(db):
    err = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("trial_balance", "nowhere", stderr=err)

    assert stopped.value.code == 3
    assert "tenancy.tenant_unknown" in err.getvalue()
