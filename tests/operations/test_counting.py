"""How the operator is told of a tenant's use."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.kernel import clock
from apps.kernel.clock import now, today
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.operations import tasks
from apps.operations.counting import count
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from apps.tenancy.models import TenantActivity, TenantDay
from tests.support.books import sale
from tests.support.settling import settle


def activity_of(tenant):
    return TenantActivity.objects.get(tenant_id=tenant.id)


@pytest.fixture
def sold(at_acme, owner):
    """One entry of acme is posted, and no listener has run yet."""
    for code, kind in (("1000", "asset"), ("4000", "income")):
        dispatch(OpenAccount(code=code, name=code, type=kind), actor=owner)
    dispatch(sale(), actor=owner)


def test_a_posted_entry_is_counted_for_its_tenant_alone(sold, acme, globex):
    assert (activity_of(acme).entries_posted, activity_of(acme).last_active_at) == (0, None)

    settle()

    assert activity_of(acme).entries_posted == 1
    assert now() - activity_of(acme).last_active_at < dt.timedelta(minutes=1)
    assert (activity_of(globex).entries_posted, activity_of(globex).last_active_at) == (0, None)


def test_a_late_listener_never_lowers_the_count_of_entries(sold, acme):
    TenantActivity.objects.filter(tenant_id=acme.id).update(entries_posted=9)

    settle()

    assert activity_of(acme).entries_posted == 9


def test_a_closed_period_is_counted_for_its_tenant_alone(acme, globex, at_acme, owner):
    dispatch(ClosePeriod(period_id=Period.objects.get(number=1).pk, reason="The month is over."), actor=owner)

    settle()

    assert activity_of(acme).periods_closed == 1
    assert now() - activity_of(acme).last_active_at < dt.timedelta(minutes=1)
    assert (activity_of(globex).periods_closed, activity_of(globex).last_active_at) == (0, None)


def test_a_tenant_is_counted_and_nobody_else(acme, globex, owner):
    with activate(acme), pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="USD"), actor=owner)
    tasks.count.apply(headers={"tenant": acme.id}, throw=True)

    counted, other = activity_of(acme), activity_of(globex)
    assert (counted.users, counted.refusals, counted.failures) == (5, 1, 0)
    assert counted.commands > counted.refusals
    assert counted.bytes > 1_000_000
    assert (other.users, other.counted_at) == (0, None)


def test_a_day_has_one_row_however_often_it_is_counted(acme, at_acme):
    yesterday = now() - dt.timedelta(days=1)
    with clock.moved_to(yesterday):
        count(acme)
    count(acme)
    count(acme)

    assert list(TenantDay.objects.order_by("day").values_list("day", flat=True)) == [
        yesterday.date(),
        today(),
    ]
