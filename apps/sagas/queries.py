"""Questions about sagas."""

from __future__ import annotations

from .base import SAGAS, Saga
from .models import Run, RunQuerySet


def under_way() -> RunQuerySet:
    return Run.objects.under_way().order_by("-moved_at")


def needing_an_operator() -> RunQuerySet:
    return Run.objects.filter(state=Run.State.NEEDS_OPERATOR).order_by("moved_at")


def run_of(saga: Saga, subject: str) -> Run | None:
    """The last one."""
    return Run.objects.filter(saga=saga.name, subject=subject).order_by("turn").last()


def title_of(run: Run) -> str:
    return SAGAS[run.saga].title if run.saga in SAGAS else run.saga
