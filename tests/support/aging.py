"""Rows of the past. The database sets their time itself, so only the owner of the tables can age them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from apps.audit.models import Record
from apps.kernel.clock import moved_to


@contextmanager
def without_triggers(*tables: str) -> Iterator[CursorWrapper]:
    """A cursor of the owner of the tables, with their triggers off."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def recorded_at() -> Callable[[dt.datetime], AbstractContextManager[None]]:
    """Records that the block leaves in the current audit log are of this instant."""

    @contextmanager
    def recording(instant: dt.datetime) -> Iterator[None]:
        newest = Record.objects.order_by("-id").values_list("id", flat=True).first() or 0
        with moved_to(instant):
            yield
        with without_triggers("audit_record") as cursor:
            cursor.execute("UPDATE audit_record SET at = %s WHERE id > %s", [instant, newest])

    return recording
