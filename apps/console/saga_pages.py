"""Sagas, in both consoles: how far each journey is, what happened on its way, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from unfold.decorators import display

from apps.sagas import SAGAS, Cause, Wait, queries
from apps.sagas.commands import RetrySaga, SkipSagaStep, TurnSagaBack
from apps.sagas.models import Happening, Run

from . import hooks
from .admin import CommandPage, Link, ReadOnlyAdmin, ServerFields
from .sites import operator_site, tenant_site
from .widgets import Form, reason

VIEW, MANAGE = "sagas.view_run", "sagas.manage_sagas"
STATES = {
    "Running": "info",
    "Waiting": "info",
    "On its way back": "warning",
    "Needs an operator": "danger",
    "Done": "success",
    "Taken back": "warning",
}


@admin.register(Run, site=tenant_site)
@admin.register(Run, site=operator_site)
class RunAdmin(ReadOnlyAdmin):
    """Journeys through several apps: where each stands and what came in its way."""

    list_display = (
        "subject",
        "journey",
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
    readonly_fields = ("journey", "way", "timeline", "together")
    fieldsets = (
        (None, {"fields": ("journey", "subject", "state", "way", "last_error")}),
        ("What happened", {"fields": ("timeline",)}),
        (
            "When and why",
            {
                "fields": (
                    "actor_name",
                    "begun_at",
                    "ended_at",
                    "deadline_at",
                    "due_at",
                    "attempts",
                    "together",
                )
            },
        ),
    )

    def links(self, request: HttpRequest, obj: Run) -> Sequence[Link]:
        if obj.ended_at or not request.user.has_perm(MANAGE):
            return ()
        stuck = obj.state == Run.State.NEEDS_OPERATOR
        forth = obj.direction == Run.Direction.FORTH
        return [
            Link("Try again", reverse("admin:retry_saga", args=[obj.pk]), "refresh"),
            *(
                [Link("Skip this step", reverse("admin:skip_saga_step", args=[obj.pk]), "skip_next")]
                if stuck
                else []
            ),
            *([Link("Turn back", reverse("admin:turn_saga_back", args=[obj.pk]), "undo")] if forth else []),
        ]

    @admin.display(description="Journey")
    def journey(self, run: Run) -> str:
        return queries.title_of(run)

    @display(description="State", label=STATES)
    def shown_state(self, run: Run) -> str:
        return run.get_state_display()

    @admin.display(description="The way")
    def way(self, run: Run) -> str:
        return render_to_string("console/saga_way.html", {"steps": steps_of(run), "run": run})

    @admin.display(description="Done", ordering="progress")
    def share(self, run: Run) -> str:
        return f"{run.progress} %"

    @admin.display(description="Timeline")
    def timeline(self, run: Run) -> str:
        return render_to_string("console/saga_timeline.html", {"happenings": run.happenings.all()})

    @admin.display(description="Correlation id")
    def together(self, run: Run) -> str:
        return run.correlation_id


def steps_of(run: Run) -> Sequence[dict[str, str]]:
    """Each step with a word for where it stands; a saga that is gone from the code shows what it did."""
    saga = SAGAS.get(run.saga)
    names = [each.name for each in saga.whole_way] if saga else run.done
    marks = {
        happening.step: {"undone": "taken back", "turned": "turned back here"}[happening.what]
        for happening in run.happenings.filter(what__in=[Happening.What.UNDONE, Happening.What.TURNED])
    }
    unmarked = {each.name for each in saga.whole_way if isinstance(each, Cause | Wait)} if saga else set()
    return [
        {
            "name": name,
            "state": marks.get(name) or _standing(run, names, name, unmarked),
            "stage": run.stage if name == run.step else "",
        }
        for name in names
    ]


def _standing(run: Run, names: Sequence[str], name: str, unmarked: set[str]) -> str:
    """`unmarked` are those that the run does not note as done."""
    if not run.ended_at and name == run.step:
        return "stuck" if run.state == Run.State.NEEDS_OPERATOR else "now"
    passed = run.step in names and names.index(name) < names.index(run.step)
    if name in run.done or (name in unmarked and (passed or run.state == Run.State.DONE)):
        return "done"
    return "to come" if not run.ended_at and run.direction == Run.Direction.FORTH else "never reached"


class Why(Form):
    reason = reason()


class _OnRun(CommandPage):
    """What an operator does about a run: where it stands, and why he does it."""

    form = Why

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        run = Run.objects.filter(pk=server_fields["run_id"]).first()
        if run is None:
            return ()
        return (
            ("Journey", f"{queries.title_of(run)}, {run.subject}"),
            ("Stands at", f"{run.step} ({run.get_state_display().lower()})"),
            ("Because", run.last_error or "—"),
        )

    def sentence(self, result: Run) -> str:
        return f"{result} goes on: {result.get_state_display().lower()}."

    def back(self, result: Run) -> str:
        return reverse("admin:sagas_run_change", args=[result.pk])


class Retry(_OnRun):
    command = RetrySaga


class Skip(_OnRun):
    command = SkipSagaStep
    danger = True


class TurnBack(_OnRun):
    command = TurnSagaBack
    danger = True


def _stuck() -> str:
    return f"{queries.needing_an_operator().count():,}"


def _under_way() -> str:
    count = queries.under_way().count()
    return f"{count:,} under way" if count else "nothing is under way"


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group="Audit & security",
            title="Journeys",
            icon="route",
            url="admin:sagas_run_changelist",
            permission=VIEW,
        ),
        hooks.Figure(
            title="Journeys that need you",
            permission=MANAGE,
            icon="route",
            value=_stuck,
            note=_under_way,
            link="admin:sagas_run_changelist",
        ),
        *(
            hooks.Page(
                path=f"sagas/<int:run_id>/{path}/",
                name=page.command.command_name().split(".")[1],
                title=page.command.title(),
                permission=MANAGE,
                view=page(),
            )
            for path, page in (("retry", Retry), ("skip", Skip), ("turn-back", TurnBack))
        ),
    )
