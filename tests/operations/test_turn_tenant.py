"""A tenant's life takes a turn: who is shut out is so at once; what comes after is done, however long it takes."""

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
from apps.operations.errors import JourneyUnderWay, ReasonMissing
from apps.operations.sagas import ACTIVATION, SUSPENSION
from apps.sagas.models import LogEntry, Run
from apps.tenancy import directory
from apps.tenancy.errors import TenantCannotBecome
from apps.tenancy.hooks import on_activate, on_suspend
from apps.tenancy.models import Tenant
from tests.support.failpoints import LONGEST_STRIDE, Killed, armed, crash_everywhere
from tests.support.settling import settle

WHY = "Three invoices are unpaid."


def suspend(tenant):
    return SuspendTenant(tenant_id=tenant.id, reason=WHY)


def run_of(saga):
    return Run.objects.filter(saga=saga.name).latest("id")


def way(run):
    return [entry.step for entry in run.log_entries.filter(kind="done")]


def test_suspension_shuts_out_then_does_the_rest(acme, operator):
    tenant = dispatch(suspend(acme), actor=operator)

    assert (tenant.state, tenant.state_reason) == ("suspended", WHY)
    assert directory.by_slug("acme").epoch == acme.epoch + 1
    run = run_of(SUSPENSION)
    assert way(run) == ["suspend", "disable features", "archive data", "notify administrators"]
    assert (run.state, run.progress) == ("done", 100)
    assert OutboxEvent.objects.filter(name="tenant.suspended", tenant_id=None).exists()


def test_administrators_are_told_why(acme, operator):
    dispatch(suspend(acme), actor=operator)

    notice = Notice.objects.get(kind="tenant.turned")
    assert [copy.address for copy in notice.copies.all()] == ["owner@acme.example"]
    assert WHY in notice.text


def test_it_can_be_opened_again_and_suspended_again(acme, operator):
    for _ in range(2):
        assert dispatch(suspend(acme), actor=operator).state == "suspended"
        opened = dispatch(ActivateTenant(tenant_id=acme.id, reason="Paid."), actor=operator)
        assert opened.state == "active"

    assert Run.objects.filter(saga=SUSPENSION.name).count() == 2


def test_one_that_is_archived_can_be_opened_again(acme, operator):
    assert dispatch(ArchiveTenant(tenant_id=acme.id, reason="They left."), actor=operator).state == "archived"
    assert dispatch(ActivateTenant(tenant_id=acme.id, reason="Back."), actor=operator).state == "active"


def test_what_cannot_be_is_refused_and_nothing_sets_out(acme, operator):
    before = Run.objects.count()
    dispatch_and_refuse(ActivateTenant(tenant_id=acme.id, reason="Why not."), operator, TenantCannotBecome)
    dispatch_and_refuse(SuspendTenant(tenant_id=acme.id, reason=" "), operator, ReasonMissing)

    assert [each.code for each in dry_run(ActivateTenant(tenant_id=acme.id, reason="x"), actor=operator)] == [
        "tenancy.tenant_cannot_become"
    ]
    assert dry_run(suspend(acme), actor=operator) == ()
    assert Run.objects.count() == before
    assert Tenant.objects.get(pk=acme.id).state == "active"


def dispatch_and_refuse(command, actor, refusal):
    with pytest.raises(refusal):
        dispatch(command, actor=actor)


def test_whoever_may_not_does_not(acme, db):
    clerk = User.objects.create(email="clerk@bursar.example", name="Clerk", joined_at=clock.now())
    dispatch_and_refuse(suspend(acme), clerk, PermissionDenied)


@pytest.mark.parametrize("part", ["features", "data"])
def test_a_suspension_stands_whatever_fails_after_it(acme, operator, failing, part):
    failing(part, LookupError("the archive is full"), of=on_suspend)

    assert dispatch(suspend(acme), actor=operator).state == "suspended"
    run = run_of(SUSPENSION)
    assert (run.state, run.ended_at) == ("running", None)
    assert run.due_at
    dispatch_and_refuse(ActivateTenant(tenant_id=acme.id, reason="x"), operator, JourneyUnderWay)

    failing.mend()
    with clock.moved_to(clock.now() + dt.timedelta(minutes=10)):
        settle(impatient=True)
    assert run_of(SUSPENSION).state == "done"


@pytest.mark.parametrize("part", ["data", "features"])
def test_nobody_is_let_in_before_all_is_ready(acme, operator, failing, part):
    dispatch(suspend(acme), actor=operator)
    failing(part, LookupError("the archive is shut"), of=on_activate)

    dispatch_and_refuse(ActivateTenant(tenant_id=acme.id, reason="Paid."), operator, LookupError)

    assert Tenant.objects.get(pk=acme.id).state == "suspended"
    assert run_of(ACTIVATION).state == "compensated"


@pytest.fixture
def branch():
    """A branch office stands for whatever an app does when a tenant is suspended."""
    before = list(on_suspend._by_part["data"])
    on_suspend("data")(lambda turn: [FoundCompany(code="B", name=turn.reason, currency="USD")])
    yield
    on_suspend._by_part["data"] = before


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_apps_do_their_parts_inside_the_tenant_once_wherever_it_is_killed(
    sample, acme, operator, branch, patience
):
    """It dies at every point in turn; workers go on."""
    patience(SUSPENSION)

    def go():
        if Tenant.objects.get(pk=acme.id).state == "active":
            dispatch(suspend(acme), actor=operator)
        with clock.moved_to(clock.now() + dt.timedelta(hours=1)):
            settle(impatient=True)

    deaths = crash_everywhere(
        go,
        progress=lambda: (LogEntry.objects.count(), Record.objects.count()),
        stride=sample.stride(LONGEST_STRIDE),
    )

    assert deaths > sample.at_least(50, LONGEST_STRIDE)
    assert run_of(SUSPENSION).state == "done"
    assert Tenant.objects.get(pk=acme.id).epoch == acme.epoch + 1
    with activate(acme):
        assert Company.objects.filter(code="B", name=WHY).count() == 1


def test_two_turns_at_once_are_one_after_the_other(acme, globex, operator):
    with armed() as counted:
        dispatch(suspend(globex), actor=operator)
    with pytest.raises(Killed), armed(counted.passed // 2):
        dispatch(suspend(acme), actor=operator)
    runs = Run.objects.in_progress().filter(saga=SUSPENSION.name)
    assert runs.exists()

    dispatch_and_refuse(ArchiveTenant(tenant_id=acme.id, reason="x"), operator, JourneyUnderWay)
