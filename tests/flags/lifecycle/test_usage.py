"""Evaluations are counted by flag, variant, minute and day."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.flags.life_cycle import usage
from apps.flags.models import FlagUsage
from apps.kernel import clock
from apps.kernel.tenant import activate
from tests.support.sqlstate import CHECK, refused
from tests.support.threads import together

NOON = dt.datetime(2027, 3, 1, 12, 0, 30, tzinfo=dt.UTC)
ON = ("sales.new-screen", "on", "DEFAULT")


def counted(span="minute", key="sales.new-screen", since=NOON - dt.timedelta(days=500)):
    return [
        (f"{at:%m-%d %H:%M}", variant, number) for at, variant, number in usage.usage_of(key, since, span)
    ]


@pytest.mark.usefixtures("db")
def test_counts_of_a_minute_and_a_day_add_up():
    with clock.moved_to(NOON):
        usage.record_usage({ON: 3, ("sales.new-screen", "off", "KILLED"): 1})
        usage.record_usage({ON: 2, ("sales.new-screen", "on", "ROLLOUT"): 1})
    with clock.moved_to(NOON + dt.timedelta(minutes=1)):
        usage.record_usage({ON: 1, ("sales.new-screen", None, "ERROR"): 1})

    assert counted() == [
        ("03-01 12:00", "off", 1),
        ("03-01 12:00", "on", 6),
        ("03-01 12:01", "", 1),
        ("03-01 12:01", "on", 1),
    ]
    assert counted("day") == [("03-01 00:00", "", 1), ("03-01 00:00", "off", 1), ("03-01 00:00", "on", 7)]
    assert usage.last_seen() == {"sales.new-screen": NOON + dt.timedelta(minutes=1)}


@pytest.mark.usefixtures("db")
def test_unknown_flags_and_names_that_are_no_keys_are_not_counted():
    usage.record_usage(
        {("no.such", None, "UNKNOWN_FLAG"): 5, ("a b", "on", "DEFAULT"): 1, ("x" * 101, "on", "DEFAULT"): 1}
    )
    usage.record_usage({})

    assert not FlagUsage.objects.exists()


@pytest.mark.usefixtures("db")
def test_two_processes_that_count_at_once_lose_nothing():
    def count():
        for _ in range(5):
            usage.record_usage({ON: 1, ("b", "on", "DEFAULT"): 1, ("a", "on", "DEFAULT"): 1})

    errors = [error for error in together(4, count, None) if error]

    assert errors == []
    assert sum(number for _, _, number in counted("day", since=clock.now() - dt.timedelta(days=1))) == 20


def test_counts_during_the_work_of_a_tenant_are_those_of_the_platform(acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            usage.record_usage({ON: 1})

    assert usage.served_since(clock.now()) == {"sales.new-screen": {"on": 2}}
    with activate(acme):
        assert not FlagUsage.objects.exists()


@pytest.mark.usefixtures("db")
def test_minutes_are_retained_for_a_week_and_days_for_400_days():
    for days in (401, 399, 8, 6):
        with clock.moved_to(NOON - dt.timedelta(days=days)):
            usage.record_usage({ON: 1})
    with clock.moved_to(NOON):
        usage.purge()

    assert (len(counted("minute")), len(counted("day"))) == (1, 3)


@pytest.mark.usefixtures("db")
def test_a_span_is_a_minute_or_a_day():
    insert = (
        "INSERT INTO flags_flagusage (key, variant, span, starts_at, evaluations, last_at)"
        " VALUES ('a', '', '{}', now(), {}, now())"
    )
    assert refused(insert.format("hour", 1)) == CHECK
    assert refused(insert.format("day", -1)) == CHECK
