"""`manage.py audit`."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command

from apps.approvals.execution import execute
from apps.approvals.models import ApprovalRequest
from apps.audit.models import Record
from apps.kernel.tenant import activate
from tests.support.approvals import another_owner, approve


def run(*words):
    out = io.StringIO()
    call_command("audit", *words, stdout=out)
    return out.getvalue()


def test_all_audit_logs_are_sealed_and_verified(acme, globex):
    run("seal", "--all")
    result = json.loads(run("verify", "--all", "--json"))

    assert result["intact"]
    assert [*result["audit_logs"]] == ["platform", "acme", "globex"]


def test_a_broken_audit_log_ends_with_exit_code_3_and_its_faults(acme, found_company, seal_all, tamper):
    with activate(acme):
        found_company("ONE")
        seal_all()
        row = Record.objects.latest("id")
        with tamper() as cursor:
            cursor.execute("UPDATE audit_record SET outcome = 'failed' WHERE id = %s", [row.pk])

    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("audit", "verify", "--tenant", "acme", "--json", stdout=out)

    result = json.loads(out.getvalue())
    assert end.value.code == 3
    assert result["audit_logs"]["acme"]["faults"][0]["kind"] == "changed"
    assert result["audit_logs"]["acme"]["faults"][0]["segment"] > 0


def test_a_head_in_the_arguments_is_compared(acme, seal_all):
    with activate(acme):
        seal_all()

    with pytest.raises(SystemExit):
        run("verify", "--tenant", "acme", "--head", f"900:{'ab' * 32}")
    with pytest.raises(CommandError):
        run("verify", "--tenant", "acme", "--head", "nonsense")


def test_the_audit_log_is_exported(acme, found_company):
    with activate(acme):
        found_company("ONE")

    lines = run("export", "--tenant", "acme", "--format", "jsonl", "--text", "company One").splitlines()

    assert [json.loads(line)["command"] for line in lines] == ["companies.found_company"]
    with activate(acme):
        assert Record.objects.readings().get().actor_name == "The command line"


def test_a_move_to_cold_storage_has_a_dry_run(acme, found_company, seal_all, recorded_at):
    with activate(acme):
        seal_all()
        with recorded_at(dt.datetime(2014, 1, 1, tzinfo=dt.UTC)):
            found_company("OLD")
        seal_all()
    words = ("move-to-cold-storage", "--tenant", "acme", "--before", "2026-01-01")

    shown = run(*words, "--dry-run")
    done = json.loads(run(*words, "--json"))

    assert "1 records of 1 segments, financial, retained for 10 years" in shown
    assert "Nothing was done." in shown
    assert (done["done"], done["classes"][0]["records"]) == (True, 1)
    assert "1 in cold storage" in run("verify", "--tenant", "acme")
    with pytest.raises(SystemExit):
        run(*words)


def test_a_person_is_erased(acme, owner):
    words = ("erase-person", "--tenant", "acme", "--text", "controller@acme.example", "--reason", "Asked for")

    shown = run(*words, "--dry-run")
    with pytest.raises(SystemExit):
        run(*words)
    done = json.loads(run(*words, "--as", owner.email, "--json"))

    assert "Nothing was done." in shown
    with activate(acme):
        request = ApprovalRequest.objects.get(pk=done["request"])
        approve(request, another_owner(acme))
        execute(request.pk)
        assert "controller@acme.example" not in str([*Record.objects.values()])
