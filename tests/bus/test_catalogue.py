"""The list of all commands, with their permissions, fields and events, in the shell and in the console."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.bus.registry import commands


def output_of(*arguments):
    out = StringIO()
    call_command("commands", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_shell_prints_every_command(db):
    rows = {row["name"]: row for row in json.loads(output_of("--json"))["commands"]}

    project_commands = {
        command.command_name() for command in commands() if command.__module__.startswith("apps.")
    }
    assert project_commands <= set(rows)
    post = rows["ledger.post_entry"]
    assert (post["permission"], post["moves_money"]) == ("ledger.post_entry", True)
    assert "entry.posted" in post["emits"]
    assert all(row["help_text"] and row["queue"] and row["permission"] for row in rows.values())
    assert "ledger.post_entry  [ledger.post_entry]" in output_of()


def test_help_texts_of_commands_have_no_marks_of_code():
    assert [command.command_name() for command in commands() if "`" in command.english_help_text()] == []


def test_the_shell_prints_the_schema_of_a_command(db):
    schema = json.loads(output_of("ledger.post_entry", "--json"))

    assert {"posted_on", "memo", "lines"} <= set(schema["required"])
    assert "journal (optional)" in output_of("ledger.post_entry")


def test_an_unknown_command_is_refused(db):
    with pytest.raises(SystemExit) as stopped:
        output_of("ledger.burn_books")

    assert stopped.value.code == 3


def test_the_operator_console_lists_the_commands(operator, client_for):
    page = client_for(operator, None).get("/commands/").content.decode()

    for text in ("ledger.post_entry", "entry.posted", "financial", "operations.onboard_tenant"):
        assert text in page, text
