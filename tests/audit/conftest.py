"""Records to seal, and tampering with them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from apps.bus import dispatch
from apps.companies.commands import FoundCompany


@pytest.fixture
def found_company(owner):
    """Founds a company with this code, which leaves a record."""

    def founding(code):
        return dispatch(FoundCompany(code=code, name=code.title(), currency="EUR"), actor=owner)

    return founding


@pytest.fixture
def tamper():
    """A cursor of the owner of the tables, with every trigger off."""

    @contextmanager
    def tampering():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            for table in ("audit_record", "audit_segment", "audit_coldstoragefile"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield cursor
            for table in ("audit_record", "audit_segment", "audit_coldstoragefile"):
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return tampering
