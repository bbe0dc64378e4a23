"""`manage.py jobs list|show|cancel|retry|run`: jobs of the platform, or of one tenant."""

from __future__ import annotations

from argparse import SUPPRESS
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from apps.bus import Command as CommandClass
from apps.bus import dispatch, dry_run
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.jobs import queries, running
from apps.jobs.commands import CancelJob, RetryJob
from apps.jobs.errors import JobNotFound
from apps.jobs.models import Run
from apps.kernel.errors import raise_all
from apps.kernel.notation.arguments import whole_number
from apps.kernel.tenant import activate
from apps.tenancy.queries import tenant_named


class Command(BursarCommand):
    help = "List, show, cancel, retry or run jobs."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="Jobs, newest first.")
        listing.add_argument("--state", default="", choices=["", *Run.State.values])
        listing.add_argument("--limit", type=whole_number(lowest=1), default=50)
        showing = verbs.add_parser("show", help="Progress and outcome of one job.")
        running_one = verbs.add_parser("run", help="Do the steps of a job in this process, as a worker does.")
        cancelling = verbs.add_parser("cancel", help="Cancel a job after the step in progress.")
        cancelling.add_argument("--reason", required=True, help="Recorded in the audit log.")
        retrying = verbs.add_parser("retry", help="Continue a failed job.")
        for subparser in (cancelling, retrying):
            subparser.add_argument("--dry-run", action="store_true", help="Only print refusals.")
        for subparser in (showing, running_one, cancelling, retrying):
            subparser.add_argument("job_id", type=whole_number(), metavar="ID")
        for subparser in (listing, showing, running_one, cancelling, retrying):
            subparser.add_argument(
                "--tenant", default="", metavar="SLUG", help="Without it, those of the platform."
            )
            subparser.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def run(self, *, verb: str, tenant: str, **options: Any) -> Output:
        with activate(tenant_named(tenant) if tenant else None):
            return _VERBS[verb](**options)


def _listed(*, state: str, limit: int, **_: Any) -> Output:
    runs = list(queries.runs(state)[:limit])
    return Output("\n".join(map(_line, runs)) or "No jobs.", {"jobs": [run.as_data() for run in runs]})


def _shown(*, job_id: int, **_: Any) -> Output:
    run = _run_with_id(job_id)
    return Output(_line(run), run.as_data())


def _run(*, job_id: int, **_: Any) -> Output:
    _run_with_id(job_id)
    while running.run_slice(job_id):
        pass
    return _shown(job_id=job_id)


def _cancelled(*, job_id: int, reason: str, dry_run: bool, **_: Any) -> Output:
    return _done(CancelJob(job_id=job_id, reason=reason), is_dry_run=dry_run)


def _retried(*, job_id: int, dry_run: bool, **_: Any) -> Output:
    return _done(RetryJob(job_id=job_id), is_dry_run=dry_run)


_VERBS: dict[str, Callable[..., Output]] = {
    "list": _listed,
    "show": _shown,
    "run": _run,
    "cancel": _cancelled,
    "retry": _retried,
}


def _done(command: CommandClass, *, is_dry_run: bool) -> Output:
    if is_dry_run:
        raise_all(dry_run(command, actor=SHELL))
        return Output(f"{command.title()}: would succeed.", {"dry_run": True})
    run = dispatch(command, actor=SHELL)
    return Output(_line(run), run.as_data())


def _run_with_id(job_id: int) -> Run:
    run = queries.run_with_id(job_id)
    if run is None:
        raise JobNotFound(job_id=job_id)
    return run


def _line(run: Run) -> str:
    progress = f"{run.items_done}/{run.items_total}" if run.items_total else str(run.items_done)
    return (
        f"{run.pk:>6}  {run.state:<9}  {run.job:<28}  {run.stage:<10}  {progress:>12}  {run.actor_name}"
        f"  {run.last_error[:80]}".rstrip()
    )
