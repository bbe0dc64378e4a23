"""The plan of a restore as a new tenant, without a database."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.backups.restores.planning import SANDBOX_OWNER_EMAIL, Existing, Target, plan_of
from apps.tenancy.models import Tenant

MANIFEST = {
    "made_at": "2026-01-09T12:00:00+00:00",
    "domains": [["acme.localhost", True], ["books.acme.example", False]],
    "tenant": {
        "id": 7,
        "slug": "acme",
        "name": "Acme Corporation",
        "owner_email": "owner@acme.example",
        "region": "eu",
        "epoch": 3,
        "state": "trial",
        "trial_ends_on": "2026-02-01",
        "created_at": "2025-01-01T00:00:00+00:00",
    },
}
ACME = Target(slug="acme", database="home")
COPY = Target(slug="copy", database="home")
SANDBOX = Target(slug="play", database="home", sandbox_of=Tenant(pk=7))


def test_a_tenant_whose_row_is_gone_is_restored_as_it_was():
    plan = plan_of(MANIFEST, ACME, Existing())

    assert (plan.number, plan.state, plan.mode, plan.has_events) == (7, "trial", "normal", True)
    assert plan.trial_ends_on == dt.date(2026, 2, 1)
    assert plan.created_at == dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    assert plan.domains == ("acme.localhost", "books.acme.example")


def test_a_tenant_beside_its_source_is_active_and_read_only():
    plan = plan_of(MANIFEST, COPY, Existing(has_source=True))

    assert (plan.number, plan.state, plan.mode, plan.has_events) == (None, "active", "read_only", False)
    assert (plan.trial_ends_on, plan.domains) == (None, ("copy.localhost",))
    assert plan.owner_email == "owner@acme.example"


def test_a_tenant_under_another_name_without_its_source_is_writable():
    plan = plan_of(MANIFEST, COPY, Existing())

    assert (plan.number, plan.mode, plan.has_events) == (None, "normal", False)


def test_a_sandbox_has_no_mailbox_and_no_events():
    plan = plan_of(MANIFEST, SANDBOX, Existing(has_source=True))

    assert (plan.owner_email, plan.mode, plan.has_events) == (SANDBOX_OWNER_EMAIL, "normal", False)


@pytest.mark.parametrize(("interrupted", "has_events"), [(7, True), (9, False)])
def test_an_interrupted_restore_continues_with_its_id(interrupted, has_events):
    plan = plan_of(MANIFEST, ACME, Existing(interrupted=interrupted, has_source=True))

    assert (plan.number, plan.has_events) == (interrupted, has_events)


def test_a_tenant_queued_for_deletion_is_restored_as_archived():
    source = MANIFEST["tenant"] | {"state": "deleting", "trial_ends_on": None}

    plan = plan_of(MANIFEST | {"tenant": source}, ACME, Existing())

    assert (plan.state, plan.trial_ends_on) == ("archived", None)


def test_a_restored_tenant_has_a_later_epoch_than_its_source():
    assert plan_of(MANIFEST, ACME, Existing()).epoch == 4
