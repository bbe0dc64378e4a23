"""Sealing that is sure to be done, whatever else runs in the database cluster, and a hand that tampers."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from apps.audit import sealing
from apps.bus import dispatch
from apps.companies.commands import FoundCompany


@pytest.fixture
def seal_all():
    """Transactions of other tests, in other databases, hold the horizon back for a moment. It is waited for, so that
    what was written together is sealed together."""

    def seal(**options):
        until, begun = time.monotonic() + 60, _asked("SELECT pg_current_xact_id()::text::bigint")
        while _asked("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") <= begun:
            assert time.monotonic() < until, "Something never ends."
            time.sleep(0.01)
        made = sealing.seal(**options)
        assert not dict(sealing.waiting())
        return made

    return seal


def _asked(question):
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


@pytest.fixture
def found(owner):
    """Leaves a record: a company with this code is founded."""

    def founding(code):
        return dispatch(FoundCompany(code=code, name=code.title(), currency="EUR"), actor=owner)

    return founding


@pytest.fixture
def tamper():
    """What the owner of the tables can do when he means it: with every trigger off."""

    @contextmanager
    def tampering():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            for table in ("audit_record", "audit_segment", "audit_archive"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield cursor
            for table in ("audit_record", "audit_segment", "audit_archive"):
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return tampering
