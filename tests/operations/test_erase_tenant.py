"""From "please forget us" to nothing left: queued, told, waited for, written down, gone."""

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
from apps.operations.errors import KeptByLaw, NotQueuedForDeletion
from apps.operations.journeys import wake_due_erasures
from apps.operations.sagas import ERASURE
from apps.operations.tasks import erase_what_is_due
from apps.sagas.commands import CompensateSaga
from apps.sagas.models import LogEntry, Run
from apps.settings.commands import ChangeSetting
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.models import Tenant
from tests.support.books import sale
from tests.support.chart import CHART
from tests.support.failpoints import LONGEST_STRIDE, crash_everywhere
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


def test_it_is_queued_and_told(suspended, operator):
    tenant = dispatch(erase(suspended), actor=operator)

    assert (tenant.state, tenant.delete_after) == ("deleting", today() + dt.timedelta(days=30))
    assert (run().state, run().step) == ("waiting", "grace")
    assert run().progress == 33
    assert str(tenant.delete_after) in Notice.objects.latest("id").text
    assert not Erasure.objects.exists()


@pytest.mark.physical_copy
def test_it_goes_when_its_day_has_come(suspended, operator, no_grace):
    dispatch(erase(suspended), actor=operator)

    assert not Tenant.objects.filter(slug="globex").exists()
    assert Erasure.objects.get().requested_by == str(operator)
    assert (run().state, run().progress) == ("done", 100)


@pytest.mark.physical_copy
def test_the_scheduled_task_has_it_go_on(suspended, operator):
    dispatch(erase(suspended), actor=operator)
    settle()
    assert wake_due_erasures() == 0

    Tenant.objects.filter(pk=suspended.id).update(delete_after=today())
    data = run().data | {"delete_after": str(today())}
    Run.objects.filter(pk=run().pk).update(data=data)
    erase_what_is_due.apply(headers={"tenant": "public"}, throw=True)
    settle()

    assert not Tenant.objects.filter(slug="globex").exists()


def test_it_can_be_called_off_until_then(suspended, operator):
    dispatch(erase(suspended), actor=operator)

    kept = dispatch(CancelErasure(tenant_id=suspended.id, reason="They stay."), actor=operator)

    assert (kept.state, kept.delete_after) == ("archived", None)
    assert run().state == "compensated"
    assert "called off" in Notice.objects.latest("id").text
    with pytest.raises(NotQueuedForDeletion):
        dispatch(CancelErasure(tenant_id=suspended.id, reason="Again."), actor=operator)


def test_what_is_written_down_cannot_be_called_off(suspended, operator):
    dispatch(erase(suspended), actor=operator)
    Run.objects.filter(pk=run().pk).update(step="write the journal", state="running")

    with pytest.raises(NotQueuedForDeletion):
        dispatch(CancelErasure(tenant_id=suspended.id, reason="Too late."), actor=operator)


def test_books_are_kept_as_long_as_the_law_says(books, acme, operator):
    """And the refusal says until when."""
    entry = sale()
    with activate(acme):
        dispatch(entry, actor=CLERK)
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Contract ended."), actor=operator)
    until = dt.date(entry.posted_on.year + 11, 1, 1)

    with pytest.raises(KeptByLaw) as caught:
        dispatch(erase(acme), actor=operator)

    assert caught.value.context["until"] == until
    assert [each.code for each in dry_run(erase(acme), actor=operator)] == ["operations.kept_by_law"]
    assert Tenant.objects.get(pk=acme.id).state == "suspended"
    with clock.moved_to(dt.datetime.combine(until, dt.time(12), dt.UTC)):
        assert dry_run(erase(acme), actor=operator) == ()


def test_drafts_are_no_books(books, acme, operator):
    with activate(acme):
        dispatch(DraftEntry(posted_on=sale().posted_on, memo="A draft", lines=sale().lines), actor=CLERK)
    dispatch(SuspendTenant(tenant_id=acme.id, reason="Contract ended."), actor=operator)

    assert dry_run(erase(acme), actor=operator) == ()


def test_one_that_is_served_is_not_erased(globex, operator):
    assert [each.code for each in dry_run(erase(globex), actor=operator)] == ["tenancy.tenant_cannot_become"]


def test_an_operator_may_send_it_back_while_it_waits(suspended, operator):
    dispatch(erase(suspended), actor=operator)

    dispatch(CompensateSaga(run_id=run().pk, reason="A mistake."), actor=operator)
    settle()

    assert Tenant.objects.get(pk=suspended.id).state == "archived"


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_wherever_it_is_killed_all_of_it_goes(sample, suspended, operator, no_grace, patience):
    patience(ERASURE)

    def go():
        if Tenant.objects.filter(slug="globex", state="suspended").exists():
            dispatch(erase(suspended), actor=operator)
        with clock.moved_to(clock.now() + dt.timedelta(hours=1)):
            settle(impatient=True)

    deaths = crash_everywhere(
        go,
        progress=lambda: (LogEntry.objects.count(), Erasure.objects.count()),
        stride=sample.stride(LONGEST_STRIDE),
    )

    assert deaths > sample.at_least(50, LONGEST_STRIDE)
    assert run().state == "done"
    assert Erasure.objects.count() == 1
    assert not Tenant.objects.filter(slug="globex").exists()
