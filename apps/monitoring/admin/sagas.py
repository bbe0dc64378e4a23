"""Sagas in both consoles, as workflows: progress, log, and the commands of an operator."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import ReasonForm
from apps.sagas import queries
from apps.sagas.commands import CompensateSaga, RetrySaga, SkipSagaStep
from apps.sagas.models import Run

VIEW, MANAGE = "sagas.view_run", "sagas.manage_sagas"
STATES = Colours(
    {
        Run.State.RUNNING: "info",
        Run.State.WAITING: "info",
        Run.State.COMPENSATING: "warning",
        Run.State.NEEDS_ATTENTION: "danger",
        Run.State.DONE: "success",
        Run.State.COMPENSATED: "warning",
    }
)


@admin.register(Run, site=tenant_site)
@admin.register(Run, site=operator_site)
class RunAdmin(ReadOnlyAdmin):
    """Workflows through several apps: progress and log."""

    created_by = "commands and events"
    empty_message = _("Workflows appear here when they start, with the progress of their steps.")
    list_display = (
        "subject",
        "workflow",
        "shown_state",
        "share",
        "step",
        "begun_at",
        "moved_at",
        "actor_name",
    )
    list_filter = ("state", "saga", "begun_at")
    search_fields = ("subject", "correlation_id", "actor_name")
    ordering = ("-id",)
    readonly_fields = ("workflow", "steps", "log", "together")
    fieldsets = (
        (None, {"fields": ("workflow", "subject", "state", "steps", "last_error")}),
        (_("Log"), {"fields": ("log",)}),
        (
            _("When and why"),
            {
                "fields": (
                    "actor_name",
                    "begun_at",
                    "finished_at",
                    "deadline_at",
                    "next_at",
                    "attempts",
                    "together",
                )
            },
        ),
    )

    def links(self, request: HttpRequest, obj: Run) -> Sequence[Link]:
        if obj.finished_at or not request.user.has_perm(MANAGE):
            return ()
        stuck = obj.state == Run.State.NEEDS_ATTENTION
        can_roll_back = obj.direction == Run.Direction.FORWARD
        return [
            Link(gettext("Try again"), reverse("admin:retry_saga", args=[obj.pk]), "refresh"),
            *(
                [Link(gettext("Skip this step"), reverse("admin:skip_saga_step", args=[obj.pk]), "skip_next")]
                if stuck
                else []
            ),
            *(
                [Link(gettext("Roll back"), reverse("admin:compensate_saga", args=[obj.pk]), "undo")]
                if can_roll_back
                else []
            ),
        ]

    @admin.display(description=_("Workflow"))
    def workflow(self, run: Run) -> str:
        return queries.title_of(run)

    @display(description=_("State"), label=STATES)
    def shown_state(self, run: Run) -> str:
        return run.get_state_display()

    @admin.display(description=_("Progress"))
    def steps(self, run: Run) -> str:
        return render_to_string("sagas/steps.html", {"steps": queries.steps_of(run), "run": run})

    @admin.display(description=_("Done"), ordering="progress")
    def share(self, run: Run) -> str:
        return f"{run.progress} %"

    @admin.display(description=_("Log"))
    def log(self, run: Run) -> str:
        return render_to_string("sagas/log.html", {"log_entries": run.log_entries.all()})

    @admin.display(description=_("Correlation id"))
    def together(self, run: Run) -> str:
        return run.correlation_id


class _OnRun(CommandPage):
    """A command of an operator on a run: its current step, and the reason."""

    form = ReasonForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        run = Run.objects.filter(pk=server_fields["run_id"]).first()
        if run is None:
            return ()
        return (
            (gettext("Workflow"), f"{queries.title_of(run)}, {run.subject}"),
            (gettext("Current step"), f"{run.step} ({run.get_state_display().lower()})"),
            (gettext("Last error"), run.last_error or "—"),
        )

    def sentence(self, result: Run) -> str:
        return gettext("{result} continues: {state}.").format(
            result=result, state=result.get_state_display().lower()
        )

    def success_url(self, result: Run) -> str:
        return reverse("admin:sagas_run_change", args=[result.pk])


class Retry(_OnRun):
    command = RetrySaga


class Skip(_OnRun):
    command = SkipSagaStep
    danger = True


class RollBack(_OnRun):
    command = CompensateSaga
    danger = True


def _stuck() -> hooks.Reading:
    count = queries.in_progress().count()
    note = (
        gettext("{count:,} in progress").format(count=count) if count else gettext("nothing is in progress")
    )
    return hooks.Reading(queries.needing_attention().count(), note)


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("Audit & security"),
            title=_("Workflows"),
            icon="route",
            url="admin:sagas_run_changelist",
            permission=VIEW,
        ),
        hooks.Figure(
            title=_("Workflows needing attention"),
            permission=MANAGE,
            icon="route",
            read=_stuck,
            link="admin:sagas_run_changelist",
            query="?state__exact=needs_attention",
        ),
        *(
            hooks.Page(
                path=f"sagas/<int:run_id>/{path}/",
                name=page.command.command_name().split(".")[1],
                title=page.command.lazy_title(),
                permission=MANAGE,
                view=page(),
            )
            for path, page in (("retry", Retry), ("skip", Skip), ("roll-back", RollBack))
        ),
    )
