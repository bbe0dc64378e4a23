"""Scheduling a command: what is stored, what is refused, and the entry points."""

from __future__ import annotations

import io
import json
from dataclasses import fields

import pytest
from django.core.management import call_command

from apps.bus.errors import CommandMalformed, CommandUnknown, NotAsSupport, PermissionDenied
from apps.bus.registry import commands
from apps.kernel.actors import Support, impersonated_by
from apps.kernel.tenant import activate
from apps.schedules import queries
from apps.schedules.admin.argument_forms import argument_fields
from apps.schedules.errors import CommandNotSchedulable, ReasonMissing, TimeIsPast, TimeTooFar
from apps.schedules.models import ScheduledCommand
from tests.support.sqlstate import NO_RIGHT, refused


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"command": "identity.drop_everything"}, CommandUnknown),
        (
            {"command": "identity.set_password", "arguments": {"user_id": 1, "password": "x"}},
            CommandNotSchedulable,
        ),
        ({"command": "billing.retire_plan", "arguments": {"code": "basic"}}, CommandNotSchedulable),
        ({"arguments": {"user_id": "x", "reason": ""}}, CommandMalformed),
        ({"arguments": {"user_id": 1, "reason": "", "is_superuser": True}}, CommandMalformed),
        ({"local_time": "2020-01-01T00:00"}, TimeIsPast),
        ({"local_time": "2300-01-01T00:00"}, TimeTooFar),
        ({"reason": " "}, ReasonMissing),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_command_that_cannot_be_scheduled_is_refused(
    at_acme, owner, accountant, schedule, options, refusal
):
    with pytest.raises(refusal):
        schedule(owner, accountant, **options)

    assert not ScheduledCommand.objects.exists()


def test_a_sender_without_the_permission_of_the_command_is_refused(at_acme, controller, accountant, schedule):
    with pytest.raises(PermissionDenied, match=r"identity\.manage_users"):
        schedule(controller, accountant)


def test_a_support_session_schedules_only_what_it_may_run(at_acme, owner, accountant, schedule):
    with impersonated_by(Support("helper@bursar.example", 7)):
        with pytest.raises(NotAsSupport):
            schedule(owner, accountant)
        arguments = {"key": "periods.reason_length", "value": 12}
        allowed = schedule(owner, accountant, command="settings.change_setting", arguments=arguments)

    assert (allowed.operator, allowed.support_session) == ("helper@bursar.example", 7)


def test_each_plane_schedules_its_own_commands(acme, db):
    with activate(acme):
        of_tenant = {shape.command_name() for shape in queries.schedulable_commands()}
    of_platform = {shape.command_name() for shape in queries.schedulable_commands()}

    assert "ledger.deactivate_account" in of_tenant - of_platform
    assert "operations.suspend_tenant" in of_platform - of_tenant
    assert of_tenant | of_platform == {shape.command_name() for shape in commands() if shape.schedulable}


class TestDatabase:
    """Raw SQL of the runtime."""

    @pytest.mark.parametrize(
        ("change", "sqlstate"),
        [
            ("UPDATE schedules_scheduledcommand SET arguments = '{\"user_id\": 1}'", "BQ001"),
            ("UPDATE schedules_scheduledcommand SET command = 'identity.change_roles'", "BQ001"),
            ("DELETE FROM schedules_scheduledcommand", NO_RIGHT),
        ],
    )
    def test_a_stored_command_does_not_change(self, scheduled, change, sqlstate):
        assert refused(change) == sqlstate

    def test_a_finished_command_does_not_start_again(self, scheduled):
        scheduled.finish(ScheduledCommand.State.CANCELLED)

        again = "UPDATE schedules_scheduledcommand SET state = 'waiting', finished_at = NULL, next_at = now()"
        assert refused(again) == "BQ001"


class TestEntryPoints:
    def test_the_api_schedules_lists_and_cancels(self, api, owner, accountant):
        body = {
            "command": "identity.deactivate_user",
            "arguments": {"user_id": accountant.pk, "reason": "Leaves"},
            "local_time": "2030-03-31T02:30",
            "time_zone": "Europe/Berlin",
            "reason": "The contract ends",
        }
        made = api(owner).post("schedules/commands/", body).json()
        cancelled = api(owner).post(f"schedules/commands/{made['id']}/cancel/", {"reason": "Stays"}).json()
        listed = api(owner).get("schedules/commands/", state="cancelled").json()["results"]

        assert made["due_at"] == "2030-03-31T01:30:00Z"
        assert cancelled["state"] == "cancelled"
        assert [row["id"] for row in listed] == [made["id"]]

    @pytest.mark.parametrize("arguments", [None, [], "x", {"reason": "\0"}, {"reason": "\ud800"}, {"\0": 1}])
    def test_arguments_that_are_no_storable_object_are_refused_by_the_api(self, api, owner, arguments):
        body = {"command": "identity.deactivate_user", "arguments": arguments, "reason": "The contract ends"}
        body |= {"local_time": "2030-01-01T08:00", "time_zone": "UTC"}

        assert api(owner).post("schedules/commands/", body).status_code == 400

    def test_the_console_schedules_a_command_with_a_form_of_its_fields(
        self, client_for, owner, acme, accountant
    ):
        client = client_for(owner)
        choice = client.get("/t/acme/schedules/new/").content.decode()
        form = {
            "argument_user_id": accountant.pk,
            "argument_reason": "Leaves",
            "local_time": "2030-01-01T08:00",
            "time_zone": "Asia/Tokyo",
            "reason": "The contract ends",
        }
        page = client.post("/t/acme/schedules/new/identity.deactivate_user/", form, follow=True)

        assert "identity.deactivate_user" in choice
        assert "2030-01-01 08:00 (Asia/Tokyo)" in page.content.decode()
        with activate(acme):
            stored = ScheduledCommand.objects.get()
        assert stored.arguments == {"user_id": accountant.pk, "reason": "Leaves"}

    def test_the_command_line_lists_and_cancels(self, scheduled):
        def line(*words):
            out = io.StringIO()
            with activate(None):
                call_command("scheduled", *words, "--tenant", "acme", "--json", stdout=out)
            return json.loads(out.getvalue())

        (row,) = line("list")["scheduled"]
        dry = line("cancel", str(row["id"]), "--reason", "Stays", "--dry-run")
        cancelled = line("cancel", str(row["id"]), "--reason", "Stays")

        assert (row["state"], dry["dry_run"], cancelled["state"]) == ("waiting", True, "cancelled")


def test_a_refusal_of_the_argument_form_names_the_field(client_for, owner):
    page = client_for(owner).post("/t/acme/schedules/new/identity.deactivate_user/", {})

    assert page.status_code == 200
    assert page.content.decode().count("console-error") >= 4


def test_every_schedulable_command_has_a_form_field_for_each_of_its_fields():
    for shape in commands():
        if shape.schedulable:
            assert len(argument_fields(shape)) == len(fields(shape)) > 0
