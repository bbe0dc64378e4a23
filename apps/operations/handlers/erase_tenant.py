"""Erasure of a tenant, and its cancellation during the grace period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.bus import dispatch, handles
from apps.kernel.actors import System, acting
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.operations import rules
from apps.operations.commands import CancelErasure, EraseTenant
from apps.operations.errors import NotQueuedForDeletion, ReasonMissing
from apps.operations.running import run_saga
from apps.operations.sagas.erasure import CANCELLABLE_STEPS, ERASURE, Erasing, queue_for_deletion
from apps.operations.subjects import subject_of
from apps.sagas import queries as sagas
from apps.sagas.commands import CompensateSaga
from apps.sagas.executor import run_inline
from apps.tenancy import queries as tenants

if TYPE_CHECKING:
    from apps.sagas.models import Run
    from apps.tenancy.models import Tenant


def prerequisites(command: EraseTenant) -> None:
    """Validation before the tenant is queued for deletion."""
    tenant = tenants.tenant_with_id(command.tenant_id)
    first_step = queue_for_deletion(Erasing(tenant_id=command.tenant_id, reason=command.reason))
    with together() as refusals:
        refusals.check(reason_must_be_given, command.reason, ReasonMissing)
        refusals.check(rules.legal_retention_must_have_ended, tenant)
        refusals.check(rules.no_sandbox_must_remain, tenant)
        refusals.check(dispatch, first_step)


def _base_revision(command: EraseTenant) -> str:
    tenant = tenants.tenant_with_id(command.tenant_id)
    return f"{tenant.state}, epoch {tenant.epoch}"


@handles(EraseTenant, dry_run=prerequisites, base_revision=_base_revision)
def erase_tenant(command: EraseTenant) -> Tenant:
    """The tenant, as it was before where no grace period preceded its erasure."""
    tenant = tenants.tenant_with_id(command.tenant_id)
    if not sagas.in_progress().filter(saga=ERASURE.name, subject=subject_of(tenant.slug)).exists():
        rules.dry_run_must_pass(command)  # the first step of a run in progress has changed the state already

    data = Erasing(tenant_id=tenant.pk, reason=command.reason, requested_by=str(acting()))
    run_saga(ERASURE, data, slug=tenant.slug)

    return tenants.find(pk=tenant.pk) or tenant


def _cancellable_erasure(command: CancelErasure) -> Run:
    """The run, locked so that it cannot pass its pivot meanwhile. Raises NotQueuedForDeletion after the pivot."""
    tenant = tenants.tenant_with_id(command.tenant_id)
    reason_must_be_given(command.reason, ReasonMissing)
    run = sagas.locked_run_of(ERASURE, subject_of(tenant.slug), steps=CANCELLABLE_STEPS)
    if run is None:
        raise NotQueuedForDeletion(name=tenant.name)
    return run


@handles(CancelErasure, dry_run=_cancellable_erasure)
def cancel_erasure(command: CancelErasure) -> Tenant:
    operator = System(str(acting()))  # has no need of the permission to manage sagas
    with unit_of_work():
        run = _cancellable_erasure(command)
        dispatch(CompensateSaga(run_id=run.pk, reason=command.reason), actor=operator)

    run_inline(run.pk)

    return tenants.tenant_with_id(command.tenant_id)
