"""Sealing that is sure to be done, whatever else runs in the database cluster."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connection

from apps.audit import sealing
from apps.audit.models import Segment


@pytest.fixture
def all_ended() -> Callable[[], None]:
    """Waits until every transaction that runs has ended: those of other tests, in other databases, hold the horizon
    back for a moment."""

    def wait() -> None:
        until, begun = time.monotonic() + 60, _value_of("SELECT pg_current_xact_id()::text::bigint")
        while _value_of("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") <= begun:
            assert time.monotonic() < until, "A transaction does not end."
            time.sleep(0.01)

    return wait


@pytest.fixture
def seal_all(all_ended: Callable[[], None]) -> Callable[..., list[Segment]]:
    """What was written together is sealed together."""

    def seal(**options: int) -> list[Segment]:
        all_ended()
        made = sealing.seal(**options)
        assert not dict(sealing.waiting())
        return made

    return seal


def _value_of(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
