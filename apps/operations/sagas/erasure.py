"""Erasure of a tenant: queue → notify → grace period → erasure journal → files → schema and rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch, handles
from apps.kernel.actors import System, acting
from apps.kernel.clock import today
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.operations import rules
from apps.operations.commands import CancelErasure, EraseTenant
from apps.operations.errors import NotQueuedForDeletion, ReasonMissing
from apps.operations.setting_definitions import GRACE_DAYS
from apps.operations.tenant_sagas import notify_administrators, run_saga, subject_of, tenant
from apps.sagas import queries as sagas
from apps.sagas.commands import CompensateSaga
from apps.sagas.declaration import Saga
from apps.sagas.executor import run_inline
from apps.sagas.models import Run
from apps.sagas.steps import ExternalStep, ScopedCommand, Step, Wait
from apps.settings import queries as settings_queries
from apps.tenancy import rules as tenancy
from apps.tenancy.commands import QueueTenantForDeletion, SetTenantArchived
from apps.tenancy.erasure.commands import DropTenant, EraseFiles, JournalErasure
from apps.tenancy.hooks import Transition
from apps.tenancy.models import Tenant

ERASURE_RETRIES = 50
"""Of long steps after the pivot: each attempt continues where the previous one was interrupted."""


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """The request, its actor, and the date that the first step computes."""

    tenant_id: int
    reason: str
    requested_by: str = ""
    delete_after: dt.date = dt.date.max


def _queue(d: Erasing) -> QueueTenantForDeletion:
    grace = dt.timedelta(days=settings_queries.value(GRACE_DAYS))
    return QueueTenantForDeletion(tenant_id=d.tenant_id, delete_after=today() + grace, reason=d.reason)


def _queued(d: Erasing, tenant: Tenant) -> Erasing:
    return replace(d, delete_after=tenant.delete_after or dt.date.max)


def _archive(d: Erasing) -> SetTenantArchived:
    return SetTenantArchived(tenant_id=d.tenant_id, reason="The erasure was cancelled.")


def _transition(d: Erasing) -> Transition:
    return Transition(tenant=tenant(d.tenant_id), reason=d.reason)


def _journal(d: Erasing) -> list[ScopedCommand]:
    return [
        ScopedCommand(JournalErasure(tenant_id=d.tenant_id, requested_by=d.requested_by, reason=d.reason))
    ]


def _files(d: Erasing) -> list[ScopedCommand]:
    return [ScopedCommand(EraseFiles(tenant_id=d.tenant_id))]


def _grace_is_over(d: Erasing) -> bool:
    return today() >= d.delete_after


ERASURE = Saga(
    name="operations.erase_tenant",
    title=_("Erasure"),
    data=Erasing,
    repeats=True,
    deadline=dt.timedelta(days=3650),
    steps=(
        Step("queue for deletion", _queue, compensation=_archive, carry=_queued),
        ExternalStep(
            "notify administrators",
            notify_administrators("queued for deletion", _transition),
            compensation=notify_administrators("retained", _transition),
        ),
        Wait("grace", _grace_is_over, poll_interval=dt.timedelta(hours=6), timeout=dt.timedelta(days=3650)),
        ExternalStep("write the journal", _journal, pivot=True, retries=ERASURE_RETRIES),
        ExternalStep("erase files", _files, retries=ERASURE_RETRIES),
        Step("drop schema and rows", lambda d: DropTenant(tenant_id=d.tenant_id), retries=ERASURE_RETRIES),
    ),
)


CANCELLABLE_STEPS = ERASURE.names[: ERASURE.names.index("write the journal")]


def prerequisites(command: EraseTenant) -> None:
    """Validation before the tenant is queued for deletion."""
    row = tenancy.tenant_must_be_found(command.tenant_id)
    with together() as refusals:
        refusals.check(reason_must_be_given, command.reason, ReasonMissing)
        refusals.check(rules.legal_retention_must_have_ended, row)
        refusals.check(rules.no_sandbox_must_remain, row)
        refusals.check(dispatch, _queue(Erasing(tenant_id=command.tenant_id, reason=command.reason)))


@handles(EraseTenant, dry_run=prerequisites)
def erase_tenant(command: EraseTenant) -> Tenant:
    row = tenancy.tenant_must_be_found(command.tenant_id)
    rules.dry_run_must_pass(command)

    data = Erasing(tenant_id=row.pk, reason=command.reason, requested_by=str(acting()))
    run_saga(ERASURE, data, slug=row.slug)

    return Tenant.objects.filter(pk=row.pk).first() or row


def _cancellable_erasure(command: CancelErasure) -> Run:
    """The run, locked so that it cannot pass its pivot meanwhile. Raises NotQueuedForDeletion after the pivot."""
    row = tenancy.tenant_must_be_found(command.tenant_id)
    reason_must_be_given(command.reason, ReasonMissing)
    run = _locked_run(row)
    if run is None:
        raise NotQueuedForDeletion(name=row.name)
    return run


def _locked_run(row: Tenant) -> Run | None:
    """None without an erasure, and for one that has passed its pivot."""
    latest = sagas.run_of(ERASURE, subject_of(row.slug))
    if latest is None:
        return None
    cancellable = Run.objects.in_progress().filter(pk=latest.pk, step__in=CANCELLABLE_STEPS)
    return cancellable.select_for_update().first()


@handles(CancelErasure, dry_run=_cancellable_erasure)
def cancel_erasure(command: CancelErasure) -> Tenant:
    operator = System(str(acting()))  # has no need of the permission to manage sagas
    with unit_of_work():
        run = _cancellable_erasure(command)
        dispatch(CompensateSaga(run_id=run.pk, reason=command.reason), actor=operator)

    run_inline(run.pk)

    return tenancy.tenant_must_be_found(command.tenant_id)
