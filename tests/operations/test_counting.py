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
from apps.operations.counting import count
from apps.tenancy.models import TenantActivity, TenantDay


def test_a_tenant_is_counted_and_nobody_else(acme, globex, owner):
    with activate(acme):
        with pytest.raises(CompanyCodeTaken):
            dispatch(FoundCompany(code="MAIN", name="Again", currency="USD"), actor=owner)
        count(acme)

    counted, other = (TenantActivity.objects.get(tenant_id=each.id) for each in (acme, globex))
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
