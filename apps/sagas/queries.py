"""Queries about sagas."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .declaration import SAGAS, Saga
from .models import LogEntry, Run, RunQuerySet
from .steps import Trigger, Wait

MARKS = {LogEntry.Kind.COMPENSATED: "rolled-back", LogEntry.Kind.COMPENSATING: "rollback-started-here"}
"""The status of a step in which a run was compensated, by the entry of its log."""


def in_progress() -> RunQuerySet:
    return Run.objects.in_progress().order_by("-moved_at")


def needing_attention() -> RunQuerySet:
    return Run.objects.filter(state=Run.State.NEEDS_ATTENTION).order_by("moved_at")


def runs_of(subject: str) -> RunQuerySet:
    """Of all sagas, newest first."""
    return Run.objects.filter(subject=subject).order_by("-id")


def run_of(saga: Saga, subject: str) -> Run | None:
    """The latest run."""
    return Run.objects.filter(saga=saga.name, subject=subject).order_by("run_number").last()


def title_of(run: Run) -> str:
    return str(SAGAS[run.saga].title) if run.saga in SAGAS else run.saga


def steps_of(run: Run) -> Sequence[dict[str, str]]:
    """Each step with its status; a saga that is no longer in the code shows its completed steps."""
    saga = SAGAS.get(run.saga)
    names = [step.name for step in saga.all_steps] if saga else run.completed_steps
    marks = {
        entry.step: MARKS[LogEntry.Kind(entry.kind)] for entry in run.log_entries.filter(kind__in=[*MARKS])
    }
    unmarked = {step.name for step in saga.all_steps if isinstance(step, Trigger | Wait)} if saga else set()
    return [
        _step(
            name,
            marks.get(name) or _status(run, names, name, unmarked),
            run.stage if name == run.step else "",
        )
        for name in names
    ]


STEP_STATES = {
    "stuck": _("stuck"),
    "now": _("now"),
    "done": _("done"),
    "to-come": _("to come"),
    "never-reached": _("never reached"),
    "rolled-back": _("rolled back"),
    "rollback-started-here": _("rollback started here"),
}


def _step(name: str, state: str, stage: str) -> dict[str, str]:
    return {"name": gettext(name), "state": state, "label": str(STEP_STATES[state]), "stage": stage}


def _status(run: Run, names: Sequence[str], name: str, unmarked: set[str]) -> str:
    """`unmarked` steps are not among the completed steps of a run: the trigger and waits."""
    if not run.finished_at and name == run.step:
        return "stuck" if run.needs_operator else "now"
    if name in run.completed_steps or (name in unmarked and _is_passed(run, names, name)):
        return "done"
    return "to-come" if not run.finished_at and not run.is_compensating else "never-reached"


def _is_passed(run: Run, names: Sequence[str], name: str) -> bool:
    if run.state == Run.State.DONE:
        return True
    return run.step in names and names.index(name) < names.index(run.step)


def locked_run_of(saga: Saga, subject: str, *, steps: Collection[str]) -> Run | None:
    """The latest run, locked until the end of the transaction, if it is in one of the steps."""
    run = run_of(saga, subject)
    if run is None:
        return None
    return Run.objects.in_progress().select_for_update().filter(pk=run.pk, step__in=steps).first()
