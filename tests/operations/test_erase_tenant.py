"""Erasure of a tenant: queue, notification, grace period, journal, deletion."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch, dry_run
from apps.kernel import clock
from apps.kernel.actors import System
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.ledger.commands import DraftEntry, OpenAccount
from apps.notices.models import Notice
from apps.operations.commands import CancelErasure, EraseTenant, SuspendTenant
from apps.operations.errors import LegallyRetained, NotQueuedForDeletion
from apps.operations.running import resume_due_erasures
from apps.operations.sagas.erasure import ERASURE
from apps.operations.tasks import erase_due_tenants
from apps.sagas.commands import CompensateSaga
from apps.sagas.models import LogEntry, Run
from apps.settings.commands import ChangeSetting
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.models import Tenant
from tests.support.books import sale
from tests.support.chart import CHART
from tests.support.failpoints import MAX_STRIDE, crash_everywhere
from tests.support.settling import settle

CLERK = System("clerk")


@pytest.fixture
def suspended(globex, operator):
    dispatch(SuspendTenant(tenant_id=globex.id, reason="Contract ended."), actor=operator)
    return globex


@pytest.fixture
def books(acme):
    with activate(acme):
        for code, name, kind in CHART:
            dispatch(OpenAccount(code=code, name=name, type=kind), actor=CLERK)


@pytest.fixture
def no_grace(operator):
    dispatch(ChangeSetting(key="operations.grace_days", value=0), actor=CLERK)


def erase(tenant):
    return EraseTenant(tenant_id=tenant.id, reason="They asked for it.")


def run():
    return Run.objects.filter(saga=ERASURE.name).latest("id")


def test_an_erasure_waits_for_the_grace_period(suspended, operator):
    tenant = dispatch(erase(suspended), actor=operator)

    assert (tenant.state, tenant.delete_after) == ("deleting", today() + dt.timedelta(days=30))
    assert (run().state, run().step) == ("waiting", "grace")
    assert run().progress == 33
    assert str(tenant.delete_after) in Notice.objects.latest("id").text
    assert not Erasure.objects.exists()


@pytest.mark.physical_copy
def test_without_a_grace_period_the_tenant_is_erased_at_once(suspended, operator, no_grace):
    dispatch(erase(suspended), actor=operator)

    assert not Tenant.objects.filter(slug="globex").exists()
    assert Erasure.objects.get().requested_by == str(operator)
    assert (run().state, run().progress) == ("done", 100)


@pytest.mark.physical_copy
def test_the_scheduled_task_erases_due_tenants(suspended, operator):
    dispatch(erase(suspended), actor=operator)
    settle()
    assert resume_due_erasures() == 0

    Tenant.objects.filter(pk=suspended.id).update(delete_after=today())
    data = run().data | {"delete_after": str(today())}
    Run.objects.filter(pk=run().pk).update(data=data)
    erase_due_tenants.apply(headers={"tenant": "public"}, throw=True)
    settle()

    assert not Tenant.objects.filter(slug="globex").exists()


def test_an_erasure_is_cancelled_during_the_grace_period(suspended, operator):
    dispatch(erase(suspended), actor=operator)

    tenant = dispatch(CancelErasure(tenant_id=suspended.id, reason="They stay."), actor=operator)

    assert (tenant.state, tenant.delete_after) == ("archived", None)
    assert run().state == "compensated"
    assert "cancelled" in Notice.objects.latest("id").text
    with pytest.raises(NotQueuedForDeletion):
        dispatch(CancelErasure(tenant_id=suspended.id, reason="Again."), actor=operator)


def test_a_cancellation_after_the_journal_entry_is_refused(suspended, operator):
    dispatch(erase(suspended), actor=operator)
    Run.objects.filter(pk=run().pk).update(step="write the journal", state="running")

    with pytest.raises(NotQueuedForDeletion):
        dispatch(CancelErasure(tenant_id=suspended.id, reason="Too late."), actor=operator)


def test_an_erasure_during_the_legal_retention_is_refused_with_its_end(books, acme, operator):
    entry = sale()
    with activate(acme):
        dispatch(entry, actor=CLERK)
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Contract ended."), actor=operator)
    until = dt.date(entry.posted_on.year + 11, 1, 1)

    with pytest.raises(LegallyRetained) as caught:
        dispatch(erase(acme), actor=operator)

    assert caught.value.context["until"] == until
    assert [refusal.code for refusal in dry_run(erase(acme), actor=operator)] == [
        "operations.legally_retained"
    ]
    assert Tenant.objects.get(pk=acme.id).state == "suspended"
    with clock.moved_to(dt.datetime.combine(until, dt.time(12), dt.UTC)):
        assert dry_run(erase(acme), actor=operator) == ()


def test_drafts_have_no_legal_retention(books, acme, operator):
    with activate(acme):
        dispatch(DraftEntry(posted_on=sale().posted_on, memo="A draft", lines=sale().lines), actor=CLERK)
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Contract ended."), actor=operator)

    assert dry_run(erase(acme), actor=operator) == ()


def test_an_erasure_of_an_active_tenant_is_refused(globex, operator):
    assert [refusal.code for refusal in dry_run(erase(globex), actor=operator)] == [
        "tenancy.tenant_cannot_become"
    ]


def test_an_operator_rolls_back_an_erasure_that_waits(suspended, operator):
    dispatch(erase(suspended), actor=operator)

    dispatch(CompensateSaga(run_id=run().pk, reason="A mistake."), actor=operator)
    settle()

    assert Tenant.objects.get(pk=suspended.id).state == "archived"


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_an_erasure_completes_despite_crashes(sample, suspended, operator, no_grace, unlimited_retries):
    unlimited_retries(ERASURE)

    def run_to_end():
        if Tenant.objects.filter(slug="globex", state="suspended").exists():
            dispatch(erase(suspended), actor=operator)
        with clock.moved_to(clock.now() + dt.timedelta(hours=1)):
            settle(impatient=True)

    deaths = crash_everywhere(
        run_to_end,
        progress=lambda: (LogEntry.objects.count(), Erasure.objects.count()),
        stride=sample.stride(MAX_STRIDE),
    )

    assert deaths > sample.at_least(50, MAX_STRIDE)
    assert run().state == "done"
    assert Erasure.objects.count() == 1
    assert not Tenant.objects.filter(slug="globex").exists()
