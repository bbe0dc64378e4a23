"""Transitions of a tenant: access ends in the first step, and later steps are retried until they succeed."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.events.models import OutboxEvent
from apps.identity.models import User
from apps.kernel import clock
from apps.kernel.tenant import activate
from apps.notices.models import Notice
from apps.operations.commands import ActivateTenant, ArchiveTenant, SuspendTenant
from apps.operations.errors import ReasonMissing, SagaInProgress
from apps.operations.sagas.transitions import ACTIVATION, SUSPENSION
from apps.sagas.models import LogEntry, Run
from apps.tenancy import directory
from apps.tenancy.errors import TenantCannotBecome
from apps.tenancy.hooks import on_activation, on_suspension
from apps.tenancy.models import Tenant
from tests.support.failpoints import MAX_STRIDE, Killed, armed, crash_everywhere
from tests.support.settling import settle

WHY = "Three invoices are unpaid."


def suspend(tenant):
    return SuspendTenant(tenant_id=tenant.id, reason=WHY)


def run_of(saga):
    return Run.objects.filter(saga=saga.name).latest("id")


def completed(run):
    return [entry.step for entry in run.log_entries.filter(kind="done")]


def test_suspension_closes_the_tenant_before_other_steps(acme, operator):
    tenant = dispatch(suspend(acme), actor=operator)

    assert (tenant.state, tenant.state_reason) == ("suspended", WHY)
    assert directory.by_slug("acme").epoch == acme.epoch + 1
    run = run_of(SUSPENSION)
    assert completed(run) == ["suspend", "disable features", "archive data", "notify administrators"]
    assert (run.state, run.progress) == ("done", 100)
    assert OutboxEvent.objects.filter(name="tenant.suspended", tenant_id=None).exists()


def test_administrators_of_a_suspended_tenant_are_notified_with_the_reason(acme, operator):
    dispatch(suspend(acme), actor=operator)

    notice = Notice.objects.get(kind="tenant.state_changed")
    assert [delivery.address for delivery in notice.deliveries.all()] == ["owner@acme.example"]
    assert WHY in notice.text


def test_a_reactivated_tenant_can_be_suspended_again(acme, operator):
    for _ in range(2):
        assert dispatch(suspend(acme), actor=operator).state == "suspended"
        opened = dispatch(ActivateTenant(tenant_id=acme.id, reason="Paid."), actor=operator)
        assert opened.state == "active"

    assert Run.objects.filter(saga=SUSPENSION.name).count() == 2


def test_an_archived_tenant_can_be_activated(acme, operator):
    assert dispatch(ArchiveTenant(tenant_id=acme.id, reason="They left."), actor=operator).state == "archived"
    assert dispatch(ActivateTenant(tenant_id=acme.id, reason="Back."), actor=operator).state == "active"


def test_an_illegal_transition_is_refused_without_a_run(acme, operator):
    before = Run.objects.count()
    assert_refused(ActivateTenant(tenant_id=acme.id, reason="On request."), operator, TenantCannotBecome)
    assert_refused(SuspendTenant(tenant_id=acme.id, reason=" "), operator, ReasonMissing)

    assert [
        refusal.code for refusal in dry_run(ActivateTenant(tenant_id=acme.id, reason="x"), actor=operator)
    ] == ["tenancy.tenant_cannot_become"]
    assert dry_run(suspend(acme), actor=operator) == ()
    assert Run.objects.count() == before
    assert Tenant.objects.get(pk=acme.id).state == "active"


def assert_refused(command, actor, refusal):
    with pytest.raises(refusal):
        dispatch(command, actor=actor)


def test_a_suspension_without_the_permission_is_refused(acme, db):
    clerk = User.objects.create(email="clerk@bursar.example", name="Clerk", joined_at=clock.now())
    assert_refused(suspend(acme), clerk, PermissionDenied)


@pytest.mark.parametrize("part", ["features", "data"])
def test_a_failure_after_suspension_is_retried(acme, operator, failing, part):
    failing(part, LookupError("the disk is full"), hook=on_suspension)

    assert dispatch(suspend(acme), actor=operator).state == "suspended"
    run = run_of(SUSPENSION)
    assert (run.state, run.finished_at) == ("running", None)
    assert run.next_at
    assert_refused(ActivateTenant(tenant_id=acme.id, reason="x"), operator, SagaInProgress)

    failing.mend()
    with clock.moved_to(clock.now() + dt.timedelta(minutes=10)):
        settle(impatient=True)
    assert run_of(SUSPENSION).state == "done"


@pytest.mark.parametrize("part", ["data", "features"])
def test_a_failed_activation_leaves_the_tenant_suspended(acme, operator, failing, part):
    dispatch(suspend(acme), actor=operator)
    failing(part, LookupError("the storage is unavailable"), hook=on_activation)

    assert_refused(ActivateTenant(tenant_id=acme.id, reason="Paid."), operator, LookupError)

    assert Tenant.objects.get(pk=acme.id).state == "suspended"
    assert run_of(ACTIVATION).state == "compensated"


@pytest.fixture
def branch():
    """A contribution to suspension: it adds a company."""
    before = list(on_suspension._by_part["data"])
    on_suspension("data")(lambda transition: [FoundCompany(code="B", name=transition.reason, currency="USD")])
    yield
    on_suspension._by_part["data"] = before


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_contributions_take_effect_once_despite_crashes(sample, acme, operator, branch, unlimited_retries):
    """A crash at each statement; workers resume."""
    unlimited_retries(SUSPENSION)

    def run_to_end():
        if Tenant.objects.get(pk=acme.id).state == "active":
            dispatch(suspend(acme), actor=operator)
        with clock.moved_to(clock.now() + dt.timedelta(hours=1)):
            settle(impatient=True)

    deaths = crash_everywhere(
        run_to_end,
        progress=lambda: (LogEntry.objects.count(), Record.objects.count()),
        stride=sample.stride(MAX_STRIDE),
    )

    assert deaths > sample.at_least(50, MAX_STRIDE)
    assert run_of(SUSPENSION).state == "done"
    assert Tenant.objects.get(pk=acme.id).epoch == acme.epoch + 1
    with activate(acme):
        assert Company.objects.filter(code="B", name=WHY).count() == 1


def test_a_second_transition_during_a_run_is_refused(acme, globex, operator):
    with armed() as counted:
        dispatch(suspend(globex), actor=operator)
    with pytest.raises(Killed), armed(counted.passed // 2):
        dispatch(suspend(acme), actor=operator)
    runs = Run.objects.in_progress().filter(saga=SUSPENSION.name)
    assert runs.exists()

    assert_refused(ArchiveTenant(tenant_id=acme.id, reason="x"), operator, SagaInProgress)
