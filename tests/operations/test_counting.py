"""Usage figures of a tenant."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.audit import tasks as audit_tasks
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
def posted_entry(at_acme, owner):
    """One entry of acme is posted, and no listener has run yet."""
    for code, kind in (("1000", "asset"), ("4000", "income")):
        dispatch(OpenAccount(code=code, name=code, type=kind), actor=owner)
    dispatch(sale(), actor=owner)


def test_a_posted_entry_is_counted_for_its_tenant_alone(posted_entry, acme, globex):
    assert (activity_of(acme).entries_posted, activity_of(acme).last_active_at) == (0, None)

    settle()

    assert activity_of(acme).entries_posted == 1
    assert now() - activity_of(acme).last_active_at < dt.timedelta(minutes=1)
    assert (activity_of(globex).entries_posted, activity_of(globex).last_active_at) == (0, None)


def test_a_late_listener_never_lowers_the_count_of_entries(posted_entry, acme):
    TenantActivity.objects.filter(tenant_id=acme.id).update(entries_posted=9)

    settle()

    assert activity_of(acme).entries_posted == 9


def test_a_closed_period_is_counted_for_its_tenant_alone(acme, globex, at_acme, owner):
    dispatch(ClosePeriod(period_id=Period.objects.get(number=1).pk, reason="The month is over."), actor=owner)

    settle()

    assert activity_of(acme).periods_closed == 1
    assert now() - activity_of(acme).last_active_at < dt.timedelta(minutes=1)
    assert (activity_of(globex).periods_closed, activity_of(globex).last_active_at) == (0, None)


def test_a_count_changes_one_tenant(acme, globex, owner, all_ended):
    with activate(acme), pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="USD"), actor=owner)
    all_ended()
    for task in (audit_tasks.seal, tasks.count):
        task.apply(headers={"tenant": acme.id}, throw=True)

    figures, other = activity_of(acme), activity_of(globex)
    assert (figures.users, figures.refusals, figures.failures) == (5, 1, 0)
    assert figures.commands > figures.refusals
    assert figures.bytes > 1_000_000
    assert (other.users, other.counted_at) == (0, None)


def test_repeated_counts_of_a_day_write_one_row(acme, at_acme):
    yesterday = now() - dt.timedelta(days=1)
    with clock.moved_to(yesterday):
        count(acme)
    count(acme)
    count(acme)

    assert list(TenantDay.objects.order_by("day").values_list("day", flat=True)) == [
        yesterday.date(),
        today(),
    ]
