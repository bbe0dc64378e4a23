"""Every command, run in acme with ids of globex: by acme's owner, by a system actor, and through a queue."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.bus import dispatch
from apps.bus.commands import Command
from apps.bus.registry import commands
from apps.bus.sending import dispatch_async
from apps.kernel.actors import System
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from tests.support.attack_surface import example
from tests.support.settling import settle
from tests.support.two_at_work import SECRET

BURSAR_COMMANDS = [command for command in commands() if command.__module__.startswith("apps.")]


def run(command: Command, actor) -> tuple[object, str]:
    """The result, and its text."""
    try:
        with unit_of_work():
            result = dispatch(command, actor=actor)
    except Refusal as refusal:
        return None, " ".join(str(part) for part in refusal.refusals)
    return result, repr(getattr(result, "__dict__", result))


def platform() -> dict[str, object]:
    """Digests of the platform's tables, except the audit log, which records refused commands."""
    digests = {}
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^(audit|events|bus)_'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) FROM public.{table} AS row"
            )
            digests[table] = cursor.fetchone()
    return digests


def test_the_registry_contains_the_commands():
    assert len(BURSAR_COMMANDS) > 60


@pytest.mark.parametrize("actor_kind", ["owner", "system"])
def test_no_command_reveals_or_changes_another_tenant(untouched, acme, owner, actor_kind):
    actor = owner if actor_kind == "owner" else System("A script")
    before = platform()
    shown = []

    for shape in BURSAR_COMMANDS:
        with activate(acme):
            command = example(shape)
            _, text = run(command, actor)
            if SECRET in text.replace(repr(command), ""):
                shown.append(shape.__name__)

    assert shown == []
    if actor_kind == "owner":
        assert {name for name, value in platform().items() if value != before[name]} == set()


@pytest.mark.slow("sends every command")
def test_no_queued_command_changes_another_tenant(untouched, acme, owner):
    sent = 0
    for shape in BURSAR_COMMANDS:
        with activate(acme):
            command = example(shape)
            try:
                with unit_of_work():
                    dispatch_async(command, actor=owner, key=f"attack:{shape.__name__}")
            except (Refusal, TypeError):  # no permission, or not a queued command
                continue
        sent += 1
    settle(impatient=True)

    assert sent > len(BURSAR_COMMANDS) / 2
