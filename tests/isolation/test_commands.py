"""Every command, asked in acme for what is globex's: by acme's owner, by the platform's system, and through a queue."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.bus import dispatch
from apps.bus.commands import Command
from apps.bus.registry import commands
from apps.bus.sending import dispatch_async
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from apps.kernel.transactions import unit_of_work
from tests.support.attack_surface import example
from tests.support.settling import settle
from tests.support.two_at_work import SECRET

OURS = [command for command in commands() if command.__module__.startswith("apps.")]


def ask(command: Command, actor) -> tuple[object, str]:
    """What came of it, in words."""
    try:
        with unit_of_work():
            result = dispatch(command, actor=actor)
    except Refusal as refusal:
        return None, " ".join(str(each) for each in refusal.refusals)
    return result, repr(getattr(result, "__dict__", result))


def platform() -> dict[str, object]:
    """The tables of the platform alone, but for its audit log, which grows when somebody asks in vain."""
    found = {}
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^(audit|events|bus)_'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT md5(string_agg(each::text, ',' ORDER BY each::text)) FROM public.{table} each"
            )
            found[table] = cursor.fetchone()
    return found


def test_there_are_commands():
    assert len(OURS) > 60


@pytest.mark.parametrize("who", ["owner", "system"])
def test_no_command_reaches_over(untouched, acme, owner, who):
    actor = owner if who == "owner" else System("Somebody's script")
    before = platform()
    shown = []

    for shape in OURS:
        with activate(acme):
            command = example(shape)
            _, words = ask(command, actor)
            if SECRET in words.replace(repr(command), ""):
                shown.append(shape.__name__)

    assert shown == []
    if who == "owner":
        assert {name for name, value in platform().items() if value != before[name]} == set()


@pytest.mark.slow("sends every command")
def test_nor_when_a_worker_does_it(untouched, acme, owner):
    sent = 0
    for shape in OURS:
        with activate(acme):
            command = example(shape)
            try:
                with unit_of_work():
                    dispatch_async(command, actor=owner, key=f"attack:{shape.__name__}")
            except (Refusal, TypeError):  # he may not, or it is not to be sent
                continue
        sent += 1
    settle(impatient=True)

    assert sent > len(OURS) / 2
