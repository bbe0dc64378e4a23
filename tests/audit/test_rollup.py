"""The rollup counts each command once, whatever runs at the same time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import count

import pytest
from django.db import connections, transaction

from apps.audit import access_log, queries, tasks
from apps.audit.models import CommandMinute, Record
from apps.audit.rollup.counting import roll_up
from apps.audit.rollup.figures import Figures
from apps.bus import dispatch, dispatch_once
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.failpoints import crash_everywhere
from tests.support.sqlstate import NO_RIGHT, refused
from tests.support.threads import together

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FOUND = "companies.found_company"
COLUMNS = {"done": "succeeded"}
"""Of outcomes with another name."""


def recorded():
    """The expected figures: those of the records themselves."""
    figures: dict[str, Figures] = {}
    for command, outcome, us in Record.objects.exclude(duration_us=None).values_list(
        "command", "outcome", "duration_us"
    ):
        one = Figures(**{COLUMNS.get(outcome, outcome): 1}, total_us=us, max_us=us)
        figures[command] = figures.get(command, Figures()) + one
    return figures


def counted():
    return queries.command_minutes(LONG_AGO).by_command()


@pytest.fixture
def roll_up_all(all_ended):
    def rolling():
        all_ended()
        return roll_up()

    return rolling


def test_concurrent_commands_with_interleaved_roll_ups_are_counted_exactly(acme, found_company, roll_up_all):
    codes = count()

    def work():
        for _ in range(4):
            found_company(f"C{next(codes)}")
            roll_up()

    errors = [error for error in together(6, work, acme) if error]

    assert errors == []
    with activate(acme):
        roll_up_all()
        assert counted() == recorded()
        assert counted()[FOUND].succeeded >= 24
        assert roll_up() == 0


def test_a_transaction_that_commits_late_is_counted(at_acme, found_company, roll_up_all, slow):
    found_company("FAST")
    roll_up()
    assert counted() != recorded(), "The record waits for the transaction that began before it."
    slow.finish()
    roll_up_all()

    assert counted() == recorded()
    assert counted()[FOUND].succeeded == Record.objects.filter(command=FOUND, outcome="done").count()


def test_a_roll_up_killed_at_any_statement_counts_each_record_once(at_acme, found_company, roll_up_all):
    found_company("ONE")
    roll_up_all()
    found_company("TWO")

    deaths = crash_everywhere(roll_up_all, progress=counted)

    assert deaths > 2
    assert counted() == recorded()


def test_counts_that_commit_without_the_cursor_are_counted_twice(at_acme, found_company, roll_up_all):
    """The negative control of the test above."""
    found_company("ONE")
    roll_up_all()
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM audit_rollupcursor")
    roll_up_all()

    assert counted()[FOUND].succeeded == 2 * recorded()[FOUND].succeeded


def test_every_outcome_is_counted_with_its_minute(at_acme, owner, roll_up_all):
    def founding(code):
        return FoundCompany(code=code, name="Plant", currency="EUR")

    before = Counter(Record.objects.filter(command=FOUND).values_list("outcome", flat=True))
    for _ in range(2):
        dispatch_once(founding("PLANT"), actor=owner, key="one")
    with pytest.raises(CompanyCodeTaken):
        dispatch(founding("PLANT"), actor=owner)
    with pytest.raises(TypeError):  # no refusal: a fault of the program
        dispatch(founding(None), actor=owner)
    roll_up_all()

    figures = queries.command_minutes(LONG_AGO).of_command(FOUND).figures()
    assert (figures.succeeded, figures.repeated, figures.refused, figures.failed) == (
        before["done"] + 1,
        1,
        1,
        1,
    )
    assert figures.commands == before["done"] + 4
    assert 0 < figures.mean_ms <= figures.max_ms
    assert all((minute.second, minute.microsecond) == (0, 0) for minute in minutes())


def test_figures_are_selected_by_window_and_module(at_acme, found_company, roll_up_all):
    found_company("PLANT")
    roll_up_all()

    since = now() - dt.timedelta(hours=1)
    by_module = queries.command_minutes(since).by_module()
    assert by_module["companies"] == queries.command_minutes(since).of_module("companies").figures()
    assert sum(figures.commands for figures in by_module.values()) == sum(
        figures.commands for figures in recorded().values()
    )
    assert queries.command_minutes(LONG_AGO, since).figures() == Figures()
    assert queries.command_minutes(since).of_module("compan").figures() == Figures()


def test_read_access_to_the_audit_log_is_not_counted(at_acme, owner, roll_up_all):
    access_log.record_read(owner, {})
    roll_up_all()

    assert Record.objects.readings().exists()
    assert not [command for command in counted() if command.startswith("audit.read")]


def test_tenants_and_the_platform_are_counted_apart(acme, globex, found_company, all_ended):
    with activate(acme):
        found_company("PLANT")
    all_ended()
    for tenant in (acme, globex, None):
        tasks.seal.apply(headers={"tenant": tenant.id if tenant else "public"}, throw=True)

    figures = []
    for tenant in (acme, globex, None):
        with activate(tenant):
            assert counted() == recorded()
            figures.append(counted().get(FOUND, Figures()).succeeded)
    assert figures[0] == figures[1] + 1
    assert figures[2] == 0


def test_minutes_are_deleted_after_35_days(at_acme, roll_up_all):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_commandminute (minute, command, succeeded, repeated, refused, failed, total_us, max_us)"
            " SELECT date_trunc('minute', now()) - make_interval(days => age), 'a.b', 1, 0, 0, 0, 1, 1"
            " FROM unnest('{34, 36}'::int[]) age"
        )
    roll_up_all()

    assert CommandMinute.objects.filter(command="a.b").count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_commandminute SET failed = 0",
        "DELETE FROM audit_commandminute",
        "TRUNCATE audit_commandminute",
        "INSERT INTO audit_commandminute (minute, command, succeeded, repeated, refused, failed, total_us, max_us)"
        " VALUES (now(), 'a.b', 1, 0, 0, 0, 0, 0)",
        "UPDATE audit_rollupcursor SET record_id = 0",
        "DELETE FROM audit_rollupcursor",
        "TRUNCATE audit_rollupcursor",
        "INSERT INTO audit_rollupcursor VALUES ('x', '0', 0)",
    ],
)
def test_the_runtime_cannot_change_the_rollup(acme, statement):
    for tenant in (acme, None):
        with activate(tenant):
            assert refused(statement) == NO_RIGHT


def test_a_roll_up_takes_no_record_of_its_own_transaction(at_acme, found_company, roll_up_all):
    roll_up_all()
    with transaction.atomic():
        found_company("PLANT")
        assert roll_up() == 0


def minutes():
    return CommandMinute.objects.values_list("minute", flat=True)
