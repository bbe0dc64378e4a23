"""Queries about sagas."""

from __future__ import annotations

from .base import SAGAS, Saga
from .models import Run, RunQuerySet


def in_progress() -> RunQuerySet:
    return Run.objects.in_progress().order_by("-moved_at")


def needing_attention() -> RunQuerySet:
    return Run.objects.filter(state=Run.State.NEEDS_ATTENTION).order_by("moved_at")


def run_of(saga: Saga, subject: str) -> Run | None:
    """The latest run."""
    return Run.objects.filter(saga=saga.name, subject=subject).order_by("run_number").last()


def title_of(run: Run) -> str:
    return SAGAS[run.saga].title if run.saga in SAGAS else run.saga
