"""`manage.py flags`: the same plan as the console's, exit codes, and the report of arrival."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from apps.approvals.models import ApprovalRequest
from apps.flags import queries
from apps.flags.models import ChangeSet, Flag, Kill, Revision
from apps.flags.queries import arrivals, exported
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.flag_verbs import WHY, refusal, run, text
from tests.support.published_flags import KEY, document, publish


@pytest.fixture
def served(db):
    return publish(document(default_variant="off"))


def test_list_and_show_have_the_register_and_the_document(served):
    (listed,) = [one for one in run("list")["flags"] if one["key"] == KEY]
    shown = run("show", KEY)

    assert (listed["state"], listed["category"]) == ("active", "release")
    assert (shown["revision"], shown["document"]["default_variant"]) == (served.pk, "off")
    assert KEY in text("list", "--category", "release")
    assert KEY not in text("list", "--state", "killed")


def test_a_dry_run_of_set_prints_the_plan_and_changes_nothing(served):
    words = ("set", KEY, "--default-variant", "on", *WHY)

    planned = run(*words, "--dry-run")

    assert planned["plan"] == [f'flag {KEY} /default_variant: "off" → "on"']
    assert (planned["preview"]["flags"][KEY]["gain"], planned["dry_run"]) == (
        planned["preview"]["users"],
        True,
    )
    assert Revision.objects.get() == served
    done = run(*words)
    assert (done["state"], done["plan"]) == ("published", planned["plan"])
    for name in ("tenants", "users", "gain", "lose", "flags"):
        assert done["preview"][name] == planned["preview"][name]


def test_set_of_a_percentage_is_a_rollout_of_the_named_unit(served):
    run("set", KEY, "--percentage", "12.5", "--unit", "company", *WHY)

    assert run("show", KEY)["document"]["rollout"] == {"unit": "company", "percentage": 12.5}


def test_in_a_tenant_set_narrows_the_flag(served, acme):
    publish(document())

    run("set", KEY, "--disable", "--tenant", "acme", *WHY)

    explained = run("explain", KEY, "--tenant", "acme")
    assert (explained["value"], explained["reason"], explained["decided_by"]) == (
        False,
        "NARROWED_BY_TENANT",
        "tenant",
    )
    assert run("explain", KEY, "--tenant", "globex")["value"] is True
    assert "stop  tenant" in text("explain", KEY, "--tenant", "acme")


def test_explain_takes_a_user_and_attributes(served, acme):
    rule = {"name": "german", "when": {"attribute": "country", "op": "in", "values": ["DE"]}, "serve": "on"}
    publish(document(default_variant="off", rules=[rule], roles=["controller"]))
    words = ("explain", KEY, "--tenant", "acme", "--set", "country=DE", "--user")

    assert run(*words, "controller@acme.example")["rule"] == "german"
    assert run(*words, "accountant@acme.example")["decided_by"] == "role"
    with pytest.raises(CommandError) as wrong:
        run(*words, "unknown@acme.example")
    assert wrong.value.returncode == 2


def test_where_an_approval_is_required_set_requests_it(served, operator, settings):
    settings.ENVIRONMENT = "production"
    words = ("set", KEY, "--default-variant", "on", *WHY)

    draft = run(*words)
    waiting = run(*words, "--as", operator.email)

    assert (draft["state"], waiting["state"]) == ("draft", "draft")
    request = ApprovalRequest.objects.get(pk=waiting["approval_request"])
    assert (request.command, request.requester_name) == ("flags.publish_change_set", operator.name)
    assert run("explain", KEY)["value"] is False


def test_a_refused_publication_leaves_no_draft(served, capsys):
    assert refusal(capsys, "set", KEY, "--default-variant", "nowhere", *WHY)[0] == 3
    assert refusal(capsys, "set", "no.such", "--disable", *WHY) == (3, "flags.flag_not_found")
    assert not ChangeSet.objects.filter(state="draft").exists()
    with pytest.raises(CommandError) as wrong:
        call_command("flags", "set", KEY, *WHY)
    assert wrong.value.returncode == 2


def test_kill_prints_the_report_of_arrival_and_revive_ends_it(served, capsys):
    publish(document())
    assert run("kill", KEY, *WHY, "--dry-run") == {"dry_run": True}

    killed = run("kill", KEY, *WHY, "--no-wait")

    assert "missing" not in killed
    assert run("explain", KEY)["reason"] == "KILLED"
    assert "Waiting for the processes" not in capsys.readouterr().err
    assert refusal(capsys, "kill", KEY, *WHY) == (3, "flags.already_killed")
    run("revive", KEY, *WHY)
    assert Kill.objects.get().revived_at
    assert run("explain", KEY)["value"] is True
    assert refusal(capsys, "revive", "no.such", *WHY) == (3, "flags.flag_not_killed")


def test_a_kill_that_has_not_arrived_everywhere_ends_with_another_exit_code(served, capsys, monkeypatch):
    lost = arrivals.Arrival(1, (), (), (arrivals.Missing("worker", "node-1", 7, 3.0),))
    monkeypatch.setattr(queries, "wait_for_arrival", lambda: lost)

    with pytest.raises(SystemExit) as ended:
        call_command("flags", "kill", KEY, *WHY)
    assert ended.value.code == 4
    printed = capsys.readouterr().out
    assert "MISSING: worker on node-1" in printed
    assert "NOT arrived" in printed
    with pytest.raises(SystemExit) as ended:
        call_command("flags", "arrival", "--json")
    assert (ended.value.code, json.loads(capsys.readouterr().out)["is_complete"]) == (4, False)

    complete = arrivals.Arrival(1, (arrivals.Reported("worker", "node-1", 1),), (), ())
    monkeypatch.setattr(queries, "wait_for_arrival", lambda: complete)
    assert run("arrival")["is_complete"] is True


def test_a_kill_without_waiting_says_nothing_of_its_arrival(served):
    printed = text("kill", KEY, *WHY, "--no-wait")

    assert "not awaited" in printed
    assert "NOT" not in printed


def test_options_that_an_override_lacks_are_refused(served, acme):
    for option in (("--default-variant", "off"), ("--unit", "company")):
        with pytest.raises(CommandError, match=option[0]) as wrong:
            call_command("flags", "set", KEY, "--disable", *option, "--tenant", "acme", *WHY)
        assert wrong.value.returncode == 2
    with activate(acme):
        assert not Revision.objects.exists()


def test_cancel_ends_a_change_that_waits(served, capsys):
    waiting = run("set", KEY, "--disable", "--at", "2099-01-01T00:00:00Z", *WHY)
    number = str(waiting["change_set"])

    assert run("cancel", number, *WHY, "--dry-run") == {"dry_run": True}
    assert run("cancel", number, *WHY)["state"] == "cancelled"
    assert refusal(capsys, "cancel", number, *WHY) == (3, "flags.not_scheduled")
    assert run("show", KEY)["revision"] == served.pk


def test_history_is_restored_by_its_revision(served):
    publish(document())
    newest, oldest = run("history", KEY)["revisions"]
    assert [one["place"] for one in newest["differences"]] == ["/default_variant"]

    run("restore", str(oldest["revision"]), *WHY)

    assert run("show", KEY)["document"]["default_variant"] == "off"


def test_an_export_is_imported_byte_for_byte(served, tmp_path, capsys):
    file = tmp_path / "flags.json"
    text("export", "--out", str(file))
    before = file.read_text(encoding="utf-8")
    assert before == exported()
    assert refusal(capsys, "import", str(file), *WHY) == (3, "flags.nothing_changed")

    file.write_text(before.replace('"default_variant": "off"', '"default_variant": "on"'), encoding="utf-8")
    run("import", str(file), *WHY)
    file.write_text(before, encoding="utf-8")
    run("import", str(file), *WHY)

    assert exported() == before


def test_set_of_a_percentage_replaces_planned_stages(served):
    guard = {"measure": "failures", "module": "sales", "limit": 0.02}
    stages = [{"percentage": 10.0, "dwell_s": 3600}]
    publish(document(rollout={"unit": "company", "stages": stages, "guards": [guard]}))

    run("set", KEY, "--percentage", "25", *WHY)

    assert run("show", KEY)["document"]["rollout"] == {"unit": "company", "percentage": 25.0}
    assert queries.rule_set().document(KEY)["rollout"]["percentage"] == 25.0


def test_set_of_the_unit_keeps_planned_stages(served):
    stages = [{"percentage": 10.0, "dwell_s": 3600}]
    publish(document(rollout={"unit": "user", "stages": stages}))

    run("set", KEY, "--unit", "company", *WHY)

    assert run("show", KEY)["document"]["rollout"] == {"unit": "company", "stages": stages}


def test_a_guard_of_an_unknown_module_is_refused(served, capsys, tmp_path):
    guard = {"measure": "failures", "module": "nope", "limit": 0.02}
    stages = [{"percentage": 10.0, "dwell_s": 3600}]
    file = tmp_path / "flag.json"
    file.write_text(json.dumps(document(rollout={"unit": "user", "stages": stages, "guards": [guard]})))

    assert refusal(capsys, "set", KEY, "--document", str(file), *WHY) == (3, "flags.flag_invalid")


def test_a_rollout_follows_its_plan(served, capsys):
    publish(document(rollout={"unit": "company", "stages": [{"percentage": 10.0, "dwell_s": 3600}]}))

    started = run("rollout", KEY, "start", *WHY)

    assert (started["state"], started["percentage"]) == ("progressing", 10.0)
    assert refusal(capsys, "rollout", KEY, "advance", *WHY) == (3, "flags.rollout_stage_lasts")
    assert run("rollout", KEY, "rollback", *WHY)["state"] == "rolled_back"


def test_references_name_the_line_that_uses_a_retired_flag(served):
    publish(None, "webhooks.sending")
    Flag.objects.filter(key="webhooks.sending").update(retired_at=now())

    (use,) = run("references", "--retired")["references"]

    assert (use["key"], use["path"], use["is_retired"]) == (
        "webhooks.sending",
        "apps/webhooks/sending.py",
        True,
    )
    assert f"{use['path']}:{use['line']}  retired" in text("references", "--key", "webhooks.sending")
