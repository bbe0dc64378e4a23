"""The end of a tenant: queued, told, waited for, written down, and gone for ever (row TEN-02)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from apps.bus import dispatch, handles
from apps.kernel.actors import System, acting
from apps.kernel.clock import today
from apps.kernel.errors import together
from apps.kernel.transactions import unit_of_work
from apps.operations import rules
from apps.operations.commands import CancelErasure, EraseTenant
from apps.operations.errors import NotQueuedForDeletion
from apps.operations.journeys import subject_of, tell, tenant, travel
from apps.operations.setting_definitions import GRACE_DAYS
from apps.sagas import ExternalStep, Saga, ScopedCommand, Step, Wait
from apps.sagas import queries as sagas
from apps.sagas.commands import CompensateSaga
from apps.sagas.executor import run_inline
from apps.sagas.models import Run
from apps.settings import queries as settings_queries
from apps.tenancy.commands import QueueTenantForDeletion, SetTenantArchived
from apps.tenancy.erasure.commands import DropTenant, EraseFiles, JournalErasure
from apps.tenancy.hooks import Transition
from apps.tenancy.models import Tenant

PERSISTENT = 50
"""Tries of what cannot be taken back and takes long: each goes on where the one before was cut off."""


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """What was asked, by whom, and the day that the first step says."""

    tenant_id: int
    reason: str
    requested_by: str = ""
    delete_after: dt.date = dt.date.max


def _queue(d: Erasing) -> QueueTenantForDeletion:
    grace = dt.timedelta(days=settings_queries.value(GRACE_DAYS))
    return QueueTenantForDeletion(tenant_id=d.tenant_id, delete_after=today() + grace, reason=d.reason)


def _queued(d: Erasing, queued: Tenant) -> Erasing:
    return replace(d, delete_after=queued.delete_after or dt.date.max)


def _keep(d: Erasing) -> SetTenantArchived:
    return SetTenantArchived(tenant_id=d.tenant_id, reason="The erasure was called off.")


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
    title="Erasure",
    data=Erasing,
    repeats=True,
    deadline=dt.timedelta(days=3650),
    steps=(
        Step("queue for deletion", _queue, compensation=_keep, carry=_queued),
        ExternalStep(
            "notify administrators",
            tell("queued for deletion", _transition),
            compensation=tell("kept", _transition),
        ),
        Wait("grace", _grace_is_over, poll_interval=dt.timedelta(hours=6), timeout=dt.timedelta(days=3650)),
        ExternalStep("write the journal", _journal, pivot=True, retries=PERSISTENT),
        ExternalStep("erase files", _files, retries=PERSISTENT),
        Step("drop schema and rows", lambda d: DropTenant(tenant_id=d.tenant_id), retries=PERSISTENT),
    ),
)


REVOCABLE = ERASURE.names[: ERASURE.names.index("write the journal")]


def prerequisites(command: EraseTenant) -> None:
    """What must be true before it is queued; what the law has kept is asked inside the tenant."""
    row = rules.tenant_must_be_known(command.tenant_id)
    with together() as asked:
        asked.check(rules.reason_must_be_given, command.reason)
        asked.check(rules.law_must_let_go, row)
        asked.check(rules.no_sandbox_must_remain, row)
        asked.check(dispatch, _queue(Erasing(tenant_id=command.tenant_id, reason=command.reason)))


@handles(EraseTenant, dry_run=prerequisites)
def erase_tenant(command: EraseTenant) -> Tenant:
    row = rules.tenant_must_be_known(command.tenant_id)
    rules.would_be_done(command)

    asked = Erasing(tenant_id=row.pk, reason=command.reason, requested_by=str(acting()))
    travel(ERASURE, asked, slug=row.slug)

    return Tenant.objects.filter(pk=row.pk).first() or row


def _erasure_to_call_off(command: CancelErasure) -> Run:
    """The run, held, so that it does not pass on meanwhile: what is being written down cannot be called off."""
    row = rules.tenant_must_be_known(command.tenant_id)
    rules.reason_must_be_given(command.reason)
    run = sagas.run_of(ERASURE, subject_of(row.slug))
    held = run and Run.objects.in_progress().select_for_update().filter(pk=run.pk, step__in=REVOCABLE).first()
    if held is None:
        raise NotQueuedForDeletion(name=row.name)
    return held


@handles(CancelErasure, dry_run=_erasure_to_call_off)
def cancel_erasure(command: CancelErasure) -> Tenant:
    operator = System(str(acting()))  # who may call it off need not look after sagas
    with unit_of_work():
        run = _erasure_to_call_off(command)
        dispatch(CompensateSaga(run_id=run.pk, reason=command.reason), actor=operator)

    run_inline(run.pk)

    return rules.tenant_must_be_known(command.tenant_id)
