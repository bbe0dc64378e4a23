"""Stale flags: at 100 % for 30 days, never evaluated, one value only, or past expiry."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.flags import inspection, queries
from apps.flags.api.ofrep import results
from apps.flags.commands import AdvanceRollout, ReportStaleFlag, RolloutFeature
from apps.flags.life_cycle import alerts, usage
from apps.flags.life_cycle.staleness import stale_flags
from apps.flags.models import Flag, StaleFlag
from apps.flags.setting_definitions import STALE_DAYS
from apps.flags.store import counts
from apps.kernel.clock import now
from apps.kernel.features import DECLARED
from apps.notices.models import Notice
from apps.settings.commands import ChangeSetting
from tests.support.published_flags import KEY, OWNER, document, flag, plan, publish

RULE = {"name": "beta", "when": {"segment": "beta"}, "serve": "off"}


def reasons():
    """Of the flags of the test, without those that the code declares."""
    return {key: stale.reasons for key, stale in stale_flags().items() if key not in DECLARED}


def seen(*variants, key=KEY):
    usage.record_usage({(key, variant, "DEFAULT"): 1 for variant in variants})


def far():
    return now().date() + dt.timedelta(days=1000)


@pytest.mark.usefixtures("db")
def test_a_flag_at_100_percent_for_30_days_is_stale(later):
    flag(expires_on=far())
    publish(document())

    with later(days=29):
        seen("on", "off")
        assert reasons() == {}
    with later(days=30):
        assert reasons() == {KEY: ("fully_on",)}


@pytest.mark.usefixtures("db")
def test_reports_of_programs_show_use_only_of_flags_that_are_not_evaluated_here(later, acme):
    flag(expires_on=far())
    publish(document(rules=[RULE]))

    with later(days=40):
        assert reasons() == {KEY: ("never_evaluated",)}
        usage.record_reported({(KEY, name, "DEFAULT"): 1 for name in ("on", "off")}, acme.id)
        assert reasons() == {}
        seen("on")
        assert reasons() == {KEY: ("one_value",)}


@pytest.mark.usefixtures("db")
def test_looking_at_a_flag_is_no_use_of_it(later):
    flag(expires_on=far())
    publish(document(rules=[RULE]))

    with later(days=40):
        counts.export()
        inspection.evaluated({})
        inspection.evaluated({}, [KEY])
        results.every(queries.rule_set(), {})
        counts.export()
        assert reasons() == {KEY: ("never_evaluated",)}
        queries.is_on(KEY)
        counts.export()
        assert reasons() == {KEY: ("one_value",)}


@pytest.mark.parametrize(
    "served",
    [
        document(rules=[RULE]),
        document(rollout={"unit": "user", "percentage": 99.9}),
        document(enabled=False),
        document(prerequisites=[{"flag": "other", "variants": ["on"]}]),
        document(rollout=plan((100.0, 1))),
    ],
)
@pytest.mark.usefixtures("db")
def test_a_flag_that_distinguishes_is_not_at_100_percent(later, served):
    flag(expires_on=far())
    publish(served)

    with later(days=40):
        seen("on", "off")
        assert reasons() == {}


def test_the_30_days_begin_when_the_rollout_is_complete(operator, later):
    flag(expires_on=far())
    with later(days=-5):  # the database refuses instants in the future
        publish(document(rollout=plan((100.0, 24 * 5))))
        dispatch(RolloutFeature(key=KEY, reason="As planned."), actor=operator)
    dispatch(AdvanceRollout(key=KEY, reason="As planned."), actor=operator)

    with later(days=29):
        seen("on", "off")
        assert reasons() == {}
    with later(days=30, minutes=1):
        assert reasons() == {KEY: ("fully_on",)}


@pytest.mark.usefixtures("db")
def test_a_flag_that_is_not_evaluated_or_has_one_value_only_is_stale(later):
    """izanami #923: never called, and always the same value, are both signs."""
    for key in ("silent", "single", "lively"):
        flag(key, expires_on=far())
        publish(document(key, rules=[RULE]), key)
    with later(days=31):
        seen("on", key="single")
        seen("on", "off", key="lively")

        assert reasons() == {"silent": ("never_evaluated",), "single": ("one_value",)}


@pytest.mark.usefixtures("db")
def test_a_flag_past_its_expiry_is_stale_in_every_category(later):
    for category in Flag.Category:
        flag(f"a.{category}", category=category, expires_on=now().date())

    assert reasons() == {}
    with later(days=1):
        assert set(reasons().values()) == {("expired",)}
        assert len(reasons()) == 4


def test_the_days_of_each_category_are_settings(operator, later):
    """GrowthBook #2917: a fixed two weeks, and no notice."""
    flag("ops", category="ops", expires_on=far())
    with later(days=400):
        assert reasons() == {}
        setting = STALE_DAYS["ops"]
        dispatch(ChangeSetting(key=setting.key, value=365), actor=operator)
        assert reasons() == {"ops": ("never_evaluated",)}


@pytest.mark.usefixtures("db")
def test_a_retired_flag_is_not_stale(later):
    Flag.objects.filter(pk=flag().pk).update(retired_at=now())

    with later(days=100):
        assert reasons() == {}


def notices():
    return [tuple(notice.to) for notice in Notice.objects.filter(kind="feature_flag.stale").order_by("pk")]


def test_the_owner_is_alerted_weekly_then_those_that_manage_flags(operator, later):
    flag(expires_on=now().date() - dt.timedelta(days=1))
    for day in (0, 1, 6, 7, 14, 15, 21):
        with later(days=day):
            alerts.check()
            alerts.check()

    escalated = (OWNER, operator.email)
    assert notices() == [(OWNER,), (OWNER,), escalated, escalated]
    period = StaleFlag.objects.get()
    assert (period.alerts, period.reasons) == (4, ["expired"])
    assert period.escalated_at is not None


def test_all_alerts_about_a_flag_have_one_topic_which_its_retirement_closes(operator, later):
    row = flag(expires_on=now().date() - dt.timedelta(days=1))
    alerts.check()
    Flag.objects.filter(pk=row.pk).update(retired_at=now())
    with later(days=1):
        alerts.check()
        alerts.check()

    sent = Notice.objects.filter(kind="feature_flag.stale").order_by("pk")
    assert [(notice.topic, notice.closes_topic) for notice in sent] == [
        (f"flag:{KEY}", False),
        (f"flag:{KEY}", True),
    ]
    assert StaleFlag.objects.get().ended_at is not None


def test_a_flag_that_becomes_stale_again_has_another_period(operator, later):
    row = flag(expires_on=now().date() - dt.timedelta(days=1))
    alerts.check()
    Flag.objects.filter(pk=row.pk).update(expires_on=far(), extensions=1)
    with later(hours=1):
        alerts.check()
    Flag.objects.filter(pk=row.pk).update(expires_on=now().date() - dt.timedelta(days=1))
    with later(hours=2):
        alerts.check()

    assert [period.ended_at is None for period in StaleFlag.objects.order_by("pk")] == [False, True]
    assert [notice.closes_topic for notice in Notice.objects.filter(kind="feature_flag.stale")] == [False] * 3


def test_a_report_about_a_flag_that_is_not_stale_records_nothing(operator):
    flag(expires_on=far())

    assert dispatch(ReportStaleFlag(key=KEY), actor=operator) is None
    assert not StaleFlag.objects.exists()


def test_the_issue_of_a_flag_that_was_stale_once_is_closed_when_it_is_retired(operator, later):
    row = flag(expires_on=now().date() - dt.timedelta(days=1))
    alerts.check()
    Flag.objects.filter(pk=row.pk).update(expires_on=far(), extensions=1)
    alerts.check()
    Flag.objects.filter(pk=row.pk).update(retired_at=now())
    for hours in (1, 2):
        with later(hours=hours):
            alerts.check()

    sent = Notice.objects.filter(kind="feature_flag.stale").order_by("pk")
    assert [notice.closes_topic for notice in sent] == [False, False, True]
