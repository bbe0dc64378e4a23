"""Crash at every statement of every command that moves money or goods, ask again, and it is in the books once.

Beside the way that is right stand three usual ones that are not: they must be seen to lose or double.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import connection

from apps.audit.models import Record
from apps.bus import dispatch_once
from apps.bus.errors import RequestInFlight
from apps.events.models import OutboxEvent
from apps.ledger.models import Entry
from tests.support.failpoints import LONGEST_STRIDE, Killed, armed, crash_everywhere
from tests.support.financial import CASES, CLERK, financial
from tests.support.threads import together
from tests.support.wrong_ways import WAYS

MANY = 10


@pytest.fixture
def stand(shop, acme):
    """All that the tenant has, as one word for each table but the audit log, which tells that somebody asked again; and
    what was told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('SELECT %%L, md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %%I.%%I t',"
            " relname, nspname, relname), ' UNION ALL ') FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = %s AND relkind = 'r' AND relname NOT LIKE 'audit%%'",
            [acme.schema],
        )
        (statement,) = cursor.fetchone()

    def standing():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return (*sorted(cursor.fetchall()), OutboxEvent.objects.count())

    return standing


def done(command):
    return Record.objects.filter(command=command.command_name(), outcome="done").count()


def test_every_financial_command_has_a_case():
    """And so is crashed below."""
    assert {each.command_name() for each in financial()} == {case.command_name() for case in CASES}


@pytest.mark.exhaustive("a crash at every statement", inside=True)
@pytest.mark.parametrize("shape", financial(), ids=lambda shape: shape.command_name())
def test_it_is_done_once_wherever_it_crashes(sample, shape, stand):
    command = CASES[shape]("1")
    before, times, seen = stand(), done(command), set()

    deaths = crash_everywhere(
        lambda: dispatch_once(command, actor=CLERK, key="one"),
        after_each=lambda: seen.add(stand()),
        stride=sample.stride(LONGEST_STRIDE),
    )

    after = stand()
    assert deaths >= sample.at_least(MANY, LONGEST_STRIDE)
    assert before != after
    assert seen <= {before, after}, "half of it was kept"
    assert done(command) == times + 1
    assert dispatch_once(command, actor=CLERK, key="one").repeated
    assert stand() == after


@pytest.mark.exhaustive("a race of every financial command", by="shape")
@pytest.mark.parametrize("shape", financial(), ids=lambda shape: shape.command_name())
def test_two_workers_do_it_once(shape, stand, acme):
    """Each asks at the same moment, and again while he is told that it is being done."""
    command = CASES[shape]("1")
    times = done(command)

    answers = together(2, lambda: persistently(command), acme)

    assert sorted(each.repeated for each in answers) == [False, True]
    assert answers[0].result == answers[1].result
    assert done(command) == times + 1


def persistently(command):
    while True:
        with suppress(RequestInFlight):
            return dispatch_once(command, actor=CLERK, key="one")


@pytest.mark.parametrize(
    ("wrong", "lost", "doubled", "untold"),
    [
        ("key_first", True, False, True),
        ("work_first", False, True, False),
        ("told_after_commit", False, False, True),
    ],
)
def test_the_usual_ways_lose_or_double(scratch, wrong, lost, doubled, untold):
    """The control: each point has a key of its own, and is asked again after the crash as a broker would."""
    counts = {"lost": 0, "doubled": 0, "untold": 0}
    for dies_at in range(1, 200):
        key = f"{wrong} {dies_at}"
        survived = not crashed(WAYS[wrong], key, dies_at)
        WAYS[wrong](key)
        posted = Entry.objects.filter(memo=key).count()
        counts["lost"] += posted == 0
        counts["doubled"] += posted > 1
        counts["untold"] += not was_told(key)
        if survived:
            break

    assert {name: count > 0 for name, count in counts.items()} == {
        "lost": lost,
        "doubled": doubled,
        "untold": untold,
    }


def crashed(doing, key, dies_at):
    try:
        with armed(dies_at):
            doing(key)
    except Killed:
        return True
    return False


def was_told(key):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM told WHERE key = %s", [key])
        return cursor.fetchone()[0] > 0
