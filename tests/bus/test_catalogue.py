"""What can be asked of the house is printed and shown: every command, with what it needs and what it tells."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.bus.registry import commands


def said(*words):
    out = StringIO()
    call_command("commands", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_shell_prints_every_command(db):
    rows = {load["name"]: load for load in json.loads(said("--json"))["commands"]}

    ours = {command.command_name() for command in commands() if command.__module__.startswith("apps.")}
    assert ours <= set(rows)
    post = rows["ledger.post_entry"]
    assert (post["permission"], post["moves_money"]) == ("ledger.post_entry", True)
    assert "entry.posted" in post["emits"]
    assert all(row["what"] and row["queue"] and row["permission"] for row in rows.values())
    assert "ledger.post_entry  [ledger.post_entry]" in said()


def test_and_one_with_its_schema(db):
    schema = json.loads(said("ledger.post_entry", "--json"))

    assert {"posted_on", "memo", "lines"} <= set(schema["required"])
    assert "journal (optional)" in said("ledger.post_entry")


def test_one_that_is_not_there_is_refused(db):
    with pytest.raises(SystemExit) as stopped:
        said("ledger.burn_books")

    assert stopped.value.code == 3


def test_the_operators_console_shows_them(operator, client_for):
    page = client_for(operator, None).get("/commands/").content.decode()

    for each in ("ledger.post_entry", "entry.posted", "financial", "operations.onboard_tenant"):
        assert each in page, each
