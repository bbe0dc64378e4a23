"""Trends over all tenants, for the operator."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.kernel.clock import today
from apps.tenancy import trends
from apps.tenancy.models import TenantActivity, TenantDay


@pytest.fixture
def counted(acme, globex):
    """The activity of acme grows; globex stopped a month ago."""
    for ago, tenant, entries, commands in (
        (45, acme, 10, 100),
        (2, acme, 30, 150),
        (1, acme, 35, 250),
        (0, acme, 50, 400),
        (45, globex, 5, 700),
        (1, globex, 5, 0),
    ):
        TenantDay.objects.create(
            tenant_id=tenant.id,
            day=today() - dt.timedelta(days=ago),
            entries_posted=entries,
            commands=commands,
            failures=1,
            users=3,
            bytes=1000,
        )


def test_days_sum_all_tenants_and_their_new_entries(counted):
    days = trends.days()

    assert [day.day for day in days] == [today() - dt.timedelta(days=ago) for ago in (2, 1, 0)]
    assert [day.entries for day in days] == [20, 5, 15]
    assert [(day.tenants, day.commands, day.failures) for day in days] == [
        (1, 150, 1),
        (2, 250, 2),
        (1, 400, 1),
    ]


def test_the_largest_change_is_listed_first(counted):
    first, second = trends.growth()

    assert (first.tenant.slug, first.commands, first.before, first.change) == ("acme", 800, 100, 700)
    assert (second.tenant.slug, second.change) == ("globex", -100)


def test_the_list_shows_usage_and_health(counted, acme, client_for, operator):
    TenantActivity.objects.filter(tenant_id=acme.id).update(
        users=7, commands=1204, failures=3, bytes=5_000_000, counted_at="2026-01-01T00:00Z"
    )
    client = client_for(operator, None)

    listed = client.get("/tenancy/tenant/").content.decode()
    page = client.get(f"/tenancy/tenant/{acme.id}/change/").content.decode()

    for text in ("3 of 1,204 (0.2%)", "4.8\xa0MB", "none yet", "current"):
        assert text in listed, text
        assert text in page, text
    assert "Largest changes in usage" in client.get("/").content.decode()
