"""Records to seal, and tampering with them."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.kernel.tenant import activate
from tests.support.aging import without_triggers


@pytest.fixture
def found_company(owner):
    """Founds a company with this code, which leaves a record."""

    def founding(code):
        return dispatch(FoundCompany(code=code, name=code.title(), currency="EUR"), actor=owner)

    return founding


class Slow(threading.Thread):
    """A command whose transaction commits on request."""

    def __init__(self, tenant, found_company):
        super().__init__()
        self.tenant, self.found_company = tenant, found_company
        self.written, self.may_commit = threading.Event(), threading.Event()

    def run(self):
        with activate(self.tenant):
            with transaction.atomic():
                self.found_company("SLOW")
                self.written.set()
                self.may_commit.wait(20)
            connection.close()

    def finish(self):
        self.may_commit.set()
        self.join()


@pytest.fixture
def slow(acme, found_company):
    thread = Slow(acme, found_company)
    thread.start()
    assert thread.written.wait(20)
    yield thread
    thread.finish()


@pytest.fixture
def tamper():
    """A cursor of the owner of the tables, with every trigger off."""

    return lambda: without_triggers("audit_record", "audit_segment", "audit_coldstoragefile")
