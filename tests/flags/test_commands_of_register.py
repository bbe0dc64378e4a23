"""`manage.py flags`: verbs of the register, files of other systems, and experiments."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command

from apps.approvals.models import ApprovalRequest
from apps.flags import queries
from apps.flags.models import Exposure, Flag, Outcome
from apps.kernel.clock import now, today
from apps.kernel.tenant import activate
from tests.support.flag_verbs import WHY, refusal, run, text
from tests.support.published_flags import KEY, document, publish


@pytest.fixture
def served(db):
    return publish(document(default_variant="off"))


def test_a_flag_is_created_extended_transferred_and_retired(db, capsys):
    until = (today() + dt.timedelta(days=60)).isoformat()
    words = ("create", "sales.new", "--owner", "tess@bursar.example", *WHY)

    assert run(*words, "--dry-run")["dry_run"] is True
    assert not Flag.objects.filter(key="sales.new").exists()
    assert run(*words)["state"] == "published"
    assert run("explain", "sales.new")["value"] is False
    assert refusal(capsys, *words) == (3, "flags.flag_exists")

    assert run("extend", "sales.new", "--until", until, *WHY)["expires_on"] == until
    assert run("transfer", "sales.new", "--to", "tom@bursar.example", *WHY)["owner"] == "tom@bursar.example"
    assert refusal(capsys, "transfer", "sales.new", "--to", "the team", *WHY) == (3, "flags.owner_missing")
    assert run("retire", "sales.new", *WHY)["state"] == "published"
    assert Flag.objects.get(key="sales.new").is_retired


def test_in_production_an_extension_is_requested(served, operator, settings):
    settings.ENVIRONMENT = "production"
    until = (today() + dt.timedelta(days=90)).isoformat()

    waiting = run("extend", KEY, "--until", until, "--as", operator.email, *WHY)

    request = ApprovalRequest.objects.get(pk=waiting["approval_request"])
    assert request.command == "flags.extend_flag"


UNLEASH = {
    "version": 2,
    "features": [
        {
            "name": "Nové menu",
            "enabled": True,
            "strategies": [{"name": "userWithId", "parameters": {"userIds": "7"}, "constraints": []}],
        },
        {"name": "everyone", "enabled": True, "strategies": [{"name": "default", "parameters": {}}]},
    ],
}
FLAGD = {
    "flags": {"colour": {"state": "ENABLED", "variants": {"a": "red", "b": "blue"}, "defaultVariant": "b"}}
}


def test_documents_of_unleash_and_flagd_are_imported_with_owner_category_and_expiry(db, tmp_path):
    file = tmp_path / "flags.json"
    options = ("--owner", "tess@bursar.example", "--category", "experiment", *WHY)
    file.write_text(json.dumps(UNLEASH))
    with pytest.raises(CommandError, match="--owner") as wrong:
        call_command("flags", "import", str(file), "--format", "unleash", *WHY)
    assert wrong.value.returncode == 2

    done = run("import", str(file), "--format", "unleash", *options)

    assert (done["state"], done["not_expressed"]) == ("published", [])
    flag = Flag.objects.get(description="unleash: Nové menu")
    assert (flag.owner, flag.category) == ("tess@bursar.example", "experiment")
    assert flag.expires_on == today() + dt.timedelta(days=40)
    rules = queries.rule_set()
    assert [rules.evaluate(flag.key, None, {"user": one}).value for one in ("7", "8")] == [True, False]
    assert rules.evaluate("everyone", None, {}).value is True

    file.write_text(json.dumps(FLAGD))
    run("import", str(file), "--format", "flagd", *options)
    assert queries.rule_set().evaluate("colour", None, {}).value == "blue"


def test_a_strategy_that_a_flag_lacks_is_named_and_closed(db, tmp_path, capsys):
    file = tmp_path / "flags.json"
    strategy = {"name": "a-strategy-of-our-own", "parameters": {}}
    file.write_text(
        json.dumps({"version": 2, "features": [{"name": "own", "enabled": True, "strategies": [strategy]}]})
    )
    words = ("import", str(file), "--format", "unleash", "--owner", "tess@bursar.example", *WHY)

    assert "a-strategy-of-our-own" in str(run(*words)["not_expressed"])
    assert not queries.is_on("own")
    file.write_text("[]")
    assert refusal(capsys, *words) == (3, "flags.import_malformed")


def test_the_result_of_an_experiment_is_printed_by_variant(served, acme):
    revision = publish(
        document(rules=[{"name": "ab", "split": [["on", 50.0], ["off", 50.0]], "unit": "company"}])
    )
    with activate(acme):
        for number, variant in enumerate(("on", "on", "off", "off")):
            exposure = Exposure.objects.create(
                key=KEY, revision=revision.pk, unit=f"company:{number}", variant=variant, exposed_at=now()
            )
            if variant == "on":
                Outcome.objects.create(exposure=exposure, name="order", value=10, at=now())
    words = ("experiment", KEY, "--outcome", "order", "--tenant", "acme")

    off, on = run(*words)["variants"]

    assert (off["variant"], off["exposed"], off["rate"], off["difference"]) == ("off", 2, 0.0, None)
    assert (on["variant"], on["converted"], on["total"], on["difference"]) == ("on", 2, 20.0, 1.0)
    assert "100.00 %" in text(*words)
