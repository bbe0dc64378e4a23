"""Jobs in both consoles: progress, result and commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.lists.bulk import BulkCommand
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.jobs import queries, results
from apps.jobs.commands import MANAGE_PERMISSION, RetryJob
from apps.jobs.declaration import JOBS
from apps.jobs.models import Run
from apps.jobs.module import VIEW

STATES = Colours(
    {
        Run.State.WAITING: "info",
        Run.State.RUNNING: "info",
        Run.State.DONE: "success",
        Run.State.FAILED: "danger",
        Run.State.CANCELLED: "warning",
    }
)


@admin.register(Run, site=tenant_site)
@admin.register(Run, site=operator_site)
class RunAdmin(ReadOnlyAdmin):
    """Long-running work, with its progress."""

    created_by = "exports, imports and other commands"
    bulk = (
        BulkCommand(
            name="retry_jobs",
            title=_("Retry"),
            command=RetryJob,
            build=lambda run, _: RetryJob(job_id=run.pk),
            sentence=lambda run: gettext("{run} continues.").format(run=run),
        ),
    )
    empty_message = _("Exports and other long-running work appear here, with progress and result.")
    list_display = (
        "shown_title",
        "shown_state",
        "share",
        "actor_name",
        "created_at",
        "finished_at",
        "outcome",
    )
    list_filter = ("state", "job", "created_at")
    search_fields = ("job", "actor_name", "correlation_id")
    ordering = ("-id",)
    fields = (
        "shown_title",
        "progress",
        "shown_parameters",
        ("actor_name", "created_at", "finished_at"),
        ("attempts", "next_at"),
        "correlation_id",
    )
    readonly_fields = ("shown_title", "progress", "shown_parameters")

    @admin.display(description=_("Job"))
    def shown_title(self, run: Run) -> str:
        return gettext("{title} (no. {pk})").format(title=queries.title_of(run), pk=run.pk)

    @display(description=_("State"), label=STATES)
    def shown_state(self, run: Run) -> str:
        return run.get_state_display()

    @admin.display(description=_("Done"))
    def share(self, run: Run) -> str:
        return "—" if run.percent is None else f"{run.percent} %"

    @admin.display(description=_("Last error"))
    def outcome(self, run: Run) -> str:
        return run.last_error or "—"

    @admin.display(description=_("Progress"))
    def progress(self, run: Run) -> str:
        return render_to_string("jobs/progress.html", {"run": run, "stages": [*_stages(run)]})

    @admin.display(description=_("Parameters"))
    def shown_parameters(self, run: Run) -> str:
        text = json.dumps(run.parameters, indent=2, ensure_ascii=False)
        return format_html('<pre class="console-json">{}</pre>', text)

    def links(self, request: HttpRequest, obj: Run) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE_PERMISSION):
            return ()
        if obj.finished_at is None:
            return (Link(gettext("Cancel"), reverse("admin:cancel_job", args=[obj.pk]), "cancel"),)
        if obj.state == Run.State.FAILED:
            return (Link(gettext("Retry"), reverse("admin:retry_job", args=[obj.pk]), "refresh"),)
        return ()


def _stages(run: Run) -> Iterator[dict[str, Any]]:
    """Each stage with its state: done, current or waiting, as of the steps of workflows."""
    stages = JOBS[run.job].stages if run.job in JOBS else {}
    names = [*stages]
    current = names.index(run.stage) if run.stage in names else -1
    for number, name in enumerate(names):
        is_done = run.state == Run.State.DONE or number < current
        state = "done" if is_done else "current" if number == current else "next"
        yield {"title": stages[name], "state": state}


def download(request: HttpRequest, *, context: dict[str, Any], job_id: int) -> HttpResponseBase:
    """Redirects to the result; the link expires after five minutes."""
    run = queries.run_with_id(job_id)
    if run is None:
        raise Http404
    if not queries.may_read_result(request.user, run):
        raise PermissionDenied
    return redirect(results.link(run))


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("System"),
            title=_("Jobs"),
            icon="pending_actions",
            url="admin:jobs_run_changelist",
            permission=VIEW,
        ),
        hooks.Page(
            path="jobs/<int:job_id>/download/",
            name="download_job_result",
            title=_("Download"),
            permission=VIEW,
            view=download,
        ),
    )
