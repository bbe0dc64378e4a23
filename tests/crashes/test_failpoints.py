"""A simulated crash closes every connection of the process."""

from __future__ import annotations

import pytest
from django.db import connections, transaction

from apps.tenancy.models import Tenant
from tests.support.failpoints import Killed, armed


def rename(alias, tenant):
    with transaction.atomic(using=alias):
        Tenant.objects.using(alias).filter(pk=tenant.id).update(name="Half done")


@pytest.mark.parametrize("crash_point", [1, 2])
def test_a_crash_discards_writes_of_the_platform_connection(at_acme, monkeypatch, crash_point):
    def rollback():
        raise AssertionError("No code runs after a crash.")

    monkeypatch.setattr(connections["control"], "_rollback", rollback)
    with pytest.raises(Killed), armed(crash_point):
        rename("control", at_acme)

    assert Tenant.objects.get(pk=at_acme.id).name == "Acme Corporation"


def test_statements_and_both_sides_of_a_commit_are_points(at_acme):
    with armed() as points:
        rename("control", at_acme)

    assert points.passed == 3
    assert Tenant.objects.get(pk=at_acme.id).name == "Half done"
