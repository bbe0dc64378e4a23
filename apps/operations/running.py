"""Execution of the sagas of a tenant: at most one at a time, inline, resumed where it was interrupted."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from django.db import connection

from apps.kernel.clock import today
from apps.kernel.db.locks import Lock
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.plain import to_plain
from apps.sagas import queries as sagas
from apps.sagas.declaration import Saga
from apps.sagas.errors import RunIsBusy, SagaHasEnded
from apps.sagas.executor import run_inline
from apps.sagas.scheduling import begin, resume
from apps.tenancy import queries as tenants

from .errors import SagaInProgress, SagaRequestConflict, SagaRolledBack
from .subjects import slug_of, subject_of

if TYPE_CHECKING:
    from apps.sagas.models import Run

TENANT_SAGA = Lock("tenant_saga:{subject}")


def run_saga(saga: Saga, data: Any, *, slug: str) -> Run:
    """Start or resume the saga and run it inline. Returns the run: done, waiting, or left to the workers.

    Raises the error of a failed step after the compensation, and SagaInProgress while the tenant has another saga.
    """
    run = _run_inline(start_saga(saga, data, slug=slug))
    if run.is_compensated:  # an earlier run was still compensating; a new one can start now
        run = _run_inline(start_saga(saga, data, slug=slug))
    if run.is_compensating:
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
        if not run.is_compensating and not _is_same(run, data):
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
        raise SagaInProgress(saga=sagas.title_of(run), slug=slug_of(run.subject), step=run.step) from busy


def resume_due_erasures() -> int:
    """Have erasures continue whose grace period is over. Returns the number of runs."""
    with unit_of_work():
        return sum(resume(subject_of(tenant.slug)) for tenant in tenants.due_for_erasure(today()))
