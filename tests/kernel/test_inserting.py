"""A row past the ORM's save is the row that it would have written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from apps.events.models import OutboxEvent
from apps.kernel.clock import now
from apps.kernel.inserting import insert
from apps.settings.models import Setting


def told(**fields):
    said = {"name": "entry.posted", "aggregate": "entry:1", "payload": {"é": [1, None, "100 %s"]}}
    return OutboxEvent(**said | fields)


@pytest.mark.parametrize(
    "fields", [{}, {"version": 2, "traceparent": "00-x", "due_at": dt.datetime.now(dt.UTC)}]
)
def test_the_row_is_the_one_that_save_writes(at_acme, fields):
    fields |= {"tenant_id": at_acme.id, "occurred_at": now()}

    insert(told(**fields))
    told(**fields).save(force_insert=True)

    other, one = OutboxEvent.objects.order_by("-pk").values()[:2]
    assert one | {"id": 0} == other | {"id": 0}
    assert one["payload"] == {"é": [1, None, "100 %s"]}


def test_what_the_database_refuses_is_an_error_of_djangos_and_nothing_is_kept(at_acme):
    insert(Setting(key="one", value=1))

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Setting(key="two", value=2))
        insert(Setting(key="one", value=3))

    kept = Setting.objects.filter(key__in=["one", "two"])
    assert [(each.key, each.value) for each in kept] == [("one", 1)]
