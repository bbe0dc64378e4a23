"""Execution of the sagas of a tenant: at most one at a time, inline, resumed where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from typing import Any, Protocol

from django.db import connection

from apps.kernel.clock import today
from apps.kernel.db.locks import Lock
from apps.kernel.db.tenant_transaction import within
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.plain import to_plain
from apps.kernel.tenant import TenantInfo
from apps.sagas import queries as sagas
from apps.sagas.declaration import Saga
from apps.sagas.errors import RunIsBusy, SagaHasEnded
from apps.sagas.executor import run_inline
from apps.sagas.models import Run
from apps.sagas.scheduling import begin, resume
from apps.sagas.steps import ScopedCommand
from apps.tenancy.hooks import Contributions, Transition
from apps.tenancy.models import Tenant

from .commands import NotifyAdministrators
from .errors import SagaInProgress, SagaRequestConflict, SagaRolledBack

TENANT_SAGA = Lock("tenant_saga:{subject}")


def subject_of(slug: str) -> str:
    """The subject of all sagas of one tenant."""
    return f"tenant:{slug}"


def run_saga(saga: Saga, data: Any, *, slug: str) -> Run:
    """Start or resume the saga and run it inline. Returns the run: done, waiting, or left to the workers.

    Raises the error of a failed step after the compensation, and SagaInProgress while the tenant has another saga.
    """
    run = _run_inline(start_saga(saga, data, slug=slug))
    if run.state == Run.State.COMPENSATED:  # an earlier run was still compensating; a new one can start now
        run = _run_inline(start_saga(saga, data, slug=slug))
    if run.direction == Run.Direction.COMPENSATING:
        raise SagaRolledBack(saga=saga.title, slug=slug, reason=run.last_error)
    return run


def start_saga(saga: Saga, data: Any, *, slug: str, inline: bool = True) -> Run:
    """Start the saga, or return its run in progress. A tenant has one saga in progress at a time."""
    subject = subject_of(slug)
    with unit_of_work():
        with connection.cursor() as cursor:
            TENANT_SAGA.key(subject=subject).hold(cursor)
        for other in sagas.in_progress().filter(subject=subject).exclude(saga=saga.name):
            raise SagaInProgress(saga=sagas.title_of(other), slug=slug, step=other.step)
        run = begin(saga, data, subject=subject, inline=inline)
        if run.direction == Run.Direction.FORWARD and not _is_same(run, data):
            raise SagaRequestConflict(saga=saga.title, slug=slug, step=run.step)
    return run


def _is_same(run: Run, data: Any) -> bool:
    """Whether the request equals that of the run: the fields without a default. Steps fill in the others."""
    request = to_plain(data)
    return all(
        run.data.get(field.name) == request[field.name] for field in fields(data) if field.default is MISSING
    )


def _run_inline(run: Run) -> Run:
    try:
        return run_inline(run.pk)
    except (RunIsBusy, SagaHasEnded) as busy:
        slug = run.subject.partition(":")[2]
        raise SagaInProgress(saga=sagas.title_of(run), slug=slug, step=run.step) from busy


def resume_due_erasures() -> int:
    """Have erasures continue whose grace period is over. Returns the number of runs."""
    due = Tenant.objects.filter(state=Tenant.State.DELETING, delete_after__lte=today())
    with unit_of_work():
        return sum(resume(subject_of(tenant.slug)) for tenant in due)


def tenant(tenant_id: int) -> TenantInfo:
    """The tenant, read from its row."""
    return Tenant.objects.get(pk=tenant_id).info


class _OfTenant(Protocol):
    @property
    def tenant(self) -> TenantInfo: ...


def contributions(
    hook: Contributions[Any], part: str, context_of: Callable[[Any], _OfTenant]
) -> Callable[[Any], Iterable[ScopedCommand]]:
    """The commands that apps contribute to a part of the saga, created in the scope in which they will run."""

    def commands_of(data: Any) -> Iterable[ScopedCommand]:
        context = context_of(data)
        for contribution in hook.to(part):
            scope = None if contribution.on_platform else context.tenant
            with within(scope):
                commands = tuple(contribution.commands(context))
            yield from (ScopedCommand(command, scope) for command in commands)

    return commands_of


def notify_administrators(
    change: str, transition_of: Callable[[Any], Transition]
) -> Callable[[Any], Iterable[ScopedCommand]]:
    """The command that notifies the tenant's administrators of the change."""

    def commands_of(data: Any) -> Iterable[ScopedCommand]:
        transition = transition_of(data)
        yield ScopedCommand(
            NotifyAdministrators(tenant_id=transition.tenant.id, change=change, reason=transition.reason)
        )

    return commands_of
