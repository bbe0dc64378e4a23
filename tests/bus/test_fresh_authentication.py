"""Commands that demand a fresh authentication × the ways in which a command is sent. The entry points over HTTP are in
tests/identity/test_step_up.py."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from apps.bus import FRESH_S, dispatch, dry_run
from apps.bus.errors import FreshAuthenticationNeeded, NotForPrograms
from apps.bus.fresh_authentication import must_be_fresh
from apps.bus.registry import commands
from apps.bus.sending import dispatch_async
from apps.events.models import OutboxEvent
from apps.identity.commands import ChangeRoles
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.authentication import Authentication, authenticated_by
from apps.kernel.clock import now
from apps.schedules.commands import ScheduleCommand
from tests.support.settling import settle

DEMANDING = [command for command in commands() if command.fresh_authentication_s]
PERSON = User(name="Pia Person", email="pia@acme.example")
README = Path(__file__).parents[2] / "apps/identity/README.md"


def stale() -> Authentication:
    return Authentication(now() - dt.timedelta(seconds=FRESH_S + 1))


def test_the_documents_list_the_demanding_commands():
    listed = README.read_text().partition("It is demanded by")[2].partition("\n## ")[0]

    assert set(re.findall(r"`(\w+\.\w+)`", listed)) == {command.command_name() for command in DEMANDING}


@pytest.mark.parametrize("command", DEMANDING, ids=lambda command: command.command_name())
def test_a_demanding_command_asks_people_refuses_programs_and_passes_the_system(command):
    for authentication in (stale(), Authentication(None)):
        with authenticated_by(authentication), pytest.raises(FreshAuthenticationNeeded):
            must_be_fresh(command, PERSON)
    with authenticated_by(Authentication(now(), is_person=False)), pytest.raises(NotForPrograms):
        must_be_fresh(command, PERSON)

    with authenticated_by(Authentication(now() - dt.timedelta(seconds=FRESH_S - 1))):
        must_be_fresh(command, PERSON)
    with authenticated_by(stale()):
        must_be_fresh(command, System("A saga"))
    must_be_fresh(command, PERSON)  # no request: a worker, or the command line


def test_support_sends_no_demanding_command():
    assert [command for command in DEMANDING if command.by_support and not command.platform] == []


def change(user: User) -> ChangeRoles:
    return ChangeRoles(user_id=user.pk, roles=("auditor",))


def test_the_bus_refuses_a_stale_request_and_its_dry_run(at_acme, owner, accountant):
    with authenticated_by(stale()):
        with pytest.raises(FreshAuthenticationNeeded):
            dispatch(change(accountant), actor=owner)
        (refusal,) = dry_run(change(accountant), actor=owner)

    assert refusal.code == "bus.fresh_authentication_needed"
    assert User.objects.get(pk=accountant.pk).role_names == ["accountant"]


def test_a_command_for_a_worker_is_checked_when_it_is_sent(at_acme, owner, accountant):
    with authenticated_by(stale()), pytest.raises(FreshAuthenticationNeeded):
        dispatch_async(change(accountant), actor=owner)
    assert not OutboxEvent.objects.filter(name="command.sent").exists()

    with authenticated_by(Authentication(now())):
        dispatch_async(change(accountant), actor=owner)
    settle()

    assert User.objects.get(pk=accountant.pk).role_names == ["auditor"]


def test_a_scheduled_command_is_checked_when_it_is_scheduled(at_acme, owner, accountant):
    scheduled = ScheduleCommand(
        command="identity.reactivate_user",
        arguments={"user_id": accountant.pk, "reason": "is back"},
        local_time="2099-01-01T00:00",
        time_zone="UTC",
        reason="a new century",
    )

    with authenticated_by(stale()), pytest.raises(FreshAuthenticationNeeded):
        dispatch(scheduled, actor=owner)
