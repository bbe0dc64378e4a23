"""Retired flags that code still refers to: a notice to each owner once a quarter."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.flags import references
from apps.flags.life_cycle import cleanup
from apps.flags.models import Flag
from apps.flags.references import Reference
from apps.kernel import clock
from apps.kernel.clock import now
from apps.notices.models import Notice
from tests.support.published_flags import flag

USES = [
    Reference("sales.old", "apps/sales/screens.py", 12),
    Reference("sales.new", "apps/sales/screens.py", 14),
]


@pytest.fixture
def retired(db, monkeypatch):
    monkeypatch.setattr(references, "references", lambda: USES)
    for key, owner in {
        "sales.old": "a@b.example",
        "sales.gone": "a@b.example",
        "sales.new": "c@d.example",
    }.items():
        flag(key, owner=owner)
    Flag.objects.filter(key__in=["sales.old", "sales.gone"]).update(retired_at=now())


def test_retired_flags_that_are_still_referenced_are_listed_by_owner(retired):
    items = cleanup.leftovers()

    assert {owner: [str(item) for item in of_owner] for owner, of_owner in items.items()} == {
        "a@b.example": ["sales.old\n  apps/sales/screens.py:12"]
    }


def test_each_owner_receives_one_notice_a_quarter(retired):
    for day in (dt.date(2027, 1, 1), dt.date(2027, 1, 2), dt.date(2027, 3, 31), dt.date(2027, 4, 1)):
        with clock.moved_to(dt.datetime(day.year, day.month, day.day, 6, tzinfo=dt.UTC)):
            cleanup.announce_leftovers()

    sent = Notice.objects.filter(kind="feature_flag.references").order_by("pk")
    assert [(tuple(notice.to), notice.subject) for notice in sent] == [
        (("a@b.example",), "Retired flags in code, 2027-Q1: 1"),
        (("a@b.example",), "Retired flags in code, 2027-Q2: 1"),
    ]
