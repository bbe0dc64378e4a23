"""Financial commands: after a crash at any statement and a repeated request, the command has one effect.

Controls: three common but incorrect implementations must be detected as losing or doubling the work.
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
from tests.support.failpoints import MAX_STRIDE, Killed, armed, crash_everywhere
from tests.support.financial import CASES, CLERK, financial
from tests.support.threads import together
from tests.support.wrong_ways import WAYS

MIN_DEATHS = 7


@pytest.fixture
def snapshot(shop, acme):
    """Digests of all tables of the tenant except the audit log, which also records repeated requests; and the number of
    events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('SELECT %%L, md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %%I.%%I t',"
            " relname, nspname, relname), ' UNION ALL ') FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = %s AND relkind = 'r' AND relname NOT LIKE 'audit%%'",
            [acme.schema],
        )
        (statement,) = cursor.fetchone()

    def snapshot():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return (*sorted(cursor.fetchall()), OutboxEvent.objects.count())

    return snapshot


def done(command):
    return Record.objects.filter(command=command.command_name(), outcome="done").count()


def test_every_financial_command_has_a_case():
    assert {command.command_name() for command in financial()} == {case.command_name() for case in CASES}


@pytest.mark.exhaustive("a crash at every statement", inside=True)
@pytest.mark.parametrize("shape", financial(), ids=lambda shape: shape.command_name())
def test_a_command_that_crashes_takes_effect_once(sample, shape, snapshot):
    command = CASES[shape]("1")
    before, times, snapshots = snapshot(), done(command), set()

    deaths = crash_everywhere(
        lambda: dispatch_once(command, actor=CLERK, key="one"),
        after_each=lambda: snapshots.add(snapshot()),
        stride=sample.stride(MAX_STRIDE),
    )

    after = snapshot()
    assert deaths >= sample.at_least(MIN_DEATHS, MAX_STRIDE)
    assert before != after
    assert snapshots <= {before, after}, "a partial effect was committed"
    assert done(command) == times + 1
    assert dispatch_once(command, actor=CLERK, key="one").repeated
    assert snapshot() == after


@pytest.mark.exhaustive("a race of every financial command", by="shape")
@pytest.mark.parametrize("shape", financial(), ids=lambda shape: shape.command_name())
def test_a_command_in_two_workers_takes_effect_once(shape, snapshot, acme):
    """Both send the request at the same time, and repeat it while it is in progress."""
    command = CASES[shape]("1")
    times = done(command)

    responses = together(2, lambda: dispatch_until_done(command), acme)

    assert sorted(response.repeated for response in responses) == [False, True]
    assert responses[0].result == responses[1].result
    assert done(command) == times + 1


def dispatch_until_done(command):
    while True:
        with suppress(RequestInFlight):
            return dispatch_once(command, actor=CLERK, key="one")


@pytest.mark.parametrize(
    ("wrong", "lost", "doubled", "unpublished"),
    [
        ("key_first", True, False, True),
        ("work_first", False, True, False),
        ("published_after_commit", False, False, True),
    ],
)
def test_control_incorrect_implementations_are_detected(scratch, wrong, lost, doubled, unpublished):
    """Each failpoint has a separate key, and the work is repeated after the crash as a broker would."""
    counts = {"lost": 0, "doubled": 0, "unpublished": 0}
    for crash_point in range(1, 200):
        key = f"{wrong} {crash_point}"
        survived = not crashed(WAYS[wrong], key, crash_point)
        WAYS[wrong](key)
        posted = Entry.objects.filter(memo=key).count()
        counts["lost"] += posted == 0
        counts["doubled"] += posted > 1
        counts["unpublished"] += not was_published(key)
        if survived:
            break

    assert {name: count > 0 for name, count in counts.items()} == {
        "lost": lost,
        "doubled": doubled,
        "unpublished": unpublished,
    }


def crashed(work, key, crash_point):
    try:
        with armed(crash_point):
            work(key)
    except Killed:
        return True
    return False


def was_published(key):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM published_keys WHERE key = %s", [key])
        return cursor.fetchone()[0] > 0
