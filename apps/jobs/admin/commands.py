"""The pages that cancel and retry a job."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext

from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import ReasonForm
from apps.jobs import queries
from apps.jobs.commands import MANAGE_PERMISSION, CancelJob, RetryJob
from apps.jobs.models import Run


class _OnJob(CommandPage):
    def facts(self, server_fields: ServerFields) -> Facts:
        run = queries.run_with_id(server_fields["job_id"])
        if run is None:
            raise Http404
        return (
            (gettext("Job"), queries.title_of(run)),
            (gettext("State"), str(run.get_state_display())),
            (gettext("Last error"), run.last_error or "—"),
        )

    def success_url(self, result: Run) -> str:
        return reverse("admin:jobs_run_change", args=[result.pk])


class CancelPage(_OnJob):
    command = CancelJob
    form = ReasonForm
    danger = True


class RetryPage(_OnJob):
    command = RetryJob


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        *(
            hooks.Page(
                path=f"jobs/<int:job_id>/{path}/",
                name=page.command.command_name().split(".")[1],
                title=page.command.lazy_title(),
                permission=MANAGE_PERMISSION,
                view=page(),
            )
            for path, page in (("cancel", CancelPage), ("retry", RetryPage))
        ),
    )
