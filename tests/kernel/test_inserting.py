"""An insert without the ORM's save writes the same row."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from apps.events.models import OutboxEvent
from apps.kernel.clock import now
from apps.kernel.db.inserting import insert
from apps.settings.models import Setting


def event(**fields):
    defaults = {"name": "entry.posted", "aggregate": "entry:1", "payload": {"é": [1, None, "100 %s"]}}
    return OutboxEvent(**defaults | fields)


@pytest.mark.parametrize(
    "fields", [{}, {"version": 2, "traceparent": "00-x", "due_at": dt.datetime.now(dt.UTC)}]
)
def test_an_insert_writes_the_same_row_as_save(at_acme, fields):
    fields |= {"tenant_id": at_acme.id, "occurred_at": now()}

    insert(event(**fields))
    event(**fields).save(force_insert=True)

    other, one = OutboxEvent.objects.order_by("-pk").values()[:2]
    assert one | {"id": 0} == other | {"id": 0}
    assert one["payload"] == {"é": [1, None, "100 %s"]}


def test_a_row_refused_by_the_database_raises_an_integrity_error(at_acme):
    insert(Setting(key="one", value=1))

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Setting(key="two", value=2))
        insert(Setting(key="one", value=3))

    settings = Setting.objects.filter(key__in=["one", "two"])
    assert [(setting.key, setting.value) for setting in settings] == [("one", 1)]
