"""Crash at every statement of a command that moves money, ask again, and it is in the books once.

Beside the way that is right stand three usual ones that are not: they must be seen to lose or double.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection, connections, transaction

from apps.audit.models import Record
from apps.bus import dispatch, dispatch_once
from apps.events.models import OutboxEvent
from apps.kernel.actors import System
from apps.ledger.commands import DraftEntry, PostDraft, ReverseEntry
from apps.ledger.models import Entry
from tests.crashes.failpoints import Killed, armed, crash_everywhere
from tests.ledger.books import JAN_9, sale

CLERK = System("clerk")
MANY = 10


def entries_told():
    return OutboxEvent.objects.filter(name="entry.posted").count()


def test_an_entry_is_posted_once_wherever_it_crashes(chart):
    def ask():
        dispatch_once(sale(), actor=CLERK, key="till-1")

    def whole_or_nothing():
        assert Entry.objects.count() == entries_told() == posted_records() in (0, 1)

    points = crash_everywhere(ask, after_each=whole_or_nothing)

    assert points >= MANY
    assert Entry.objects.count() == entries_told() == posted_records() == 1


def posted_records():
    return Record.objects.filter(command="ledger.post_entry", outcome="done").count()


@pytest.mark.parametrize("step", ["post a draft", "reverse"])
def test_what_is_done_to_an_entry_is_done_once(chart, step):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="A draft", lines=sale().lines), actor=CLERK)
    command = PostDraft(entry_id=draft.pk)
    if step == "reverse":
        entry = dispatch(command, actor=CLERK)
        command = ReverseEntry(entry_id=entry.pk, posted_on=JAN_9, reason="A mistake.")
    before = entries_told()

    points = crash_everywhere(lambda: dispatch_once(command, actor=CLERK, key="one"))

    assert points >= MANY
    assert entries_told() == before + 1
    assert Entry.objects.count() == (2 if step == "reverse" else 1)


WAYS = {}


def way(function):
    WAYS[function.__name__] = function
    return function


def work(key):
    dispatch(replace(sale(), memo=key), actor=CLERK)


def key_is_known(key):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM known_keys WHERE key = %s", [key])
        return cursor.fetchone() is not None


def remember(key):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO known_keys VALUES (%s) ON CONFLICT DO NOTHING", [key])


def tell(key):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO told VALUES (%s)", [key])


@way
def key_first(key):
    """The key is set, then the work is done: whoever dies between has lost it."""
    if key_is_known(key):
        return
    remember(key)
    work(key)
    tell(key)


@way
def work_first(key):
    """The work is done, then the key is set: whoever dies between does it twice."""
    if key_is_known(key):
        return
    work(key)
    tell(key)
    remember(key)


@way
def told_after_commit(key):
    """Key and work commit together and the news is sent after that: whoever dies between tells nobody."""
    with transaction.atomic():
        if key_is_known(key):
            return
        remember(key)
        work(key)
        transaction.on_commit(lambda: tell(key))


@pytest.fixture
def scratch(chart, acme, database):
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SET search_path = {acme.schema}")
        for table in ("known_keys (key text PRIMARY KEY)", "told (key text)"):
            cursor.execute(f"CREATE TABLE {table}")
        cursor.execute("GRANT ALL ON known_keys, told TO bursar_app")
    connections["owner"].close()


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
