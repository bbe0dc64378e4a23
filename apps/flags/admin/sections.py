"""The sections on the page of a flag: what it serves, its rollout and its evaluations."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.dashboard import chart_context
from apps.console.row_links import Link
from apps.flags import queries
from apps.flags.life_cycle import usage
from apps.flags.models import Flag, Rollout, RolloutStep
from apps.flags.module import KILL, MANAGE, VIEW
from apps.flags.rollouts.plans import Plan, plan_of
from apps.kernel.clock import now
from apps.kernel.notation.shown import shown_instant

from .wording import LAYERS, layer_texts, percent_text, rule_texts, unit_text, value_text

CHART_DAYS = 14
COLOURS = (
    "--color-primary-600",
    "--color-primary-300",
    "--color-base-400",
    "--color-primary-800",
    "--color-base-600",
)
MAX_STEPS = 20


def serving(request: HttpRequest, flag: Flag) -> Mapping[str, Any]:
    """The layers in their order, the variants and the rules, of what is served now."""
    status = queries.statuses([flag])[flag.key]
    document = status.document
    rows = [(LAYERS["global"], _platform_text(flag, status))]
    if document is not None:
        rows += layer_texts(document)
    return {
        "layers": rows,
        "layer_headers": (gettext("Layer"), gettext("Lets pass")),
        "variants": _variants(document or {}),
        "variant_headers": (gettext("Variant"), gettext("Value"), gettext("Served")),
        "rules": [(str(number), *texts) for number, texts in enumerate(rule_texts(document or {}), 1)],
        "rule_headers": (gettext("No."), gettext("Rule"), gettext("If"), gettext("Serves")),
        "document": json.dumps(document, indent=2, ensure_ascii=False) if document else "",
        "revision": status.revision,
    }


def _platform_text(flag: Flag, status: queries.FlagStatus) -> str:
    if not status.in_environment:
        return gettext("Closed: the environment of the processes switches the flag off.")
    if status.state == queries.State.KILLED:
        return gettext("Closed: the flag is killed.")
    if status.document is None:
        return gettext("Serves nothing: no revision is published. Callers use their own default.")
    if not status.document.get("enabled", True):
        return gettext("Closed: the flag is disabled.")
    text = gettext("Open: the flag is enabled.")
    if status.scheduled_at:
        text += " " + gettext("Another revision takes effect at {instant}.").format(
            instant=shown_instant(status.scheduled_at)
        )
    return text


def _variants(document: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    uses = {
        "default_variant": gettext("where every layer is open"),
        "off_variant": gettext("where a layer is closed"),
    }
    return [
        (
            name,
            value_text(value),
            "; ".join(text for use, text in uses.items() if document.get(use) == name) or "—",
        )
        for name, value in (document.get("variants") or {}).items()
    ]


def rollout(request: HttpRequest, flag: Flag) -> Mapping[str, Any]:
    """The plan with the stage reached, the steps so far, and the buttons that fit the state."""
    published = queries.latest("flag", flag.key)
    document = published.document if published else None
    plan = plan_of(document)
    present = Rollout.objects.filter(key=flag.key).order_by("-pk").first()
    steps = RolloutStep.objects.filter(key=flag.key).order_by("-pk")[:MAX_STEPS]
    return {
        "plan": plan,
        "serves": queries.statuses([flag])[flag.key].document is not None,
        "rollout": present,
        "share": percent_text(((document or {}).get("rollout") or {}).get("percentage", 100)),
        "stages": list(_stages(plan, present)) if plan else [],
        "unit": unit_text(plan.unit) if plan else "",
        "steps": [
            (
                step.get_state_display(),
                percent_text(step.percentage),
                shown_instant(step.at),
                step.by_name,
                step.reason,
            )
            for step in steps
        ],
        "step_headers": (gettext("State"), gettext("Share"), gettext("Since"), gettext("By"), gettext("Why")),
        "links": list(_buttons(request, flag, plan, present)),
    }


def _stages(plan: Plan, present: Rollout | None) -> Iterator[tuple[str, str]]:
    """State for the style, and text, of each stage."""
    reached = present.stage if present else 0
    if plan.canary:
        yield ("done" if present else "to-come"), gettext("the segment {key}").format(key=plan.canary)
    for number, stage in enumerate(plan.stages, 1):
        lasts = dt.timedelta(seconds=stage.dwell_s)
        text = gettext("{share}, at least {lasts}").format(
            share=percent_text(stage.percentage), lasts=_duration(lasts)
        )
        yield ("done" if number <= reached else "to-come"), text


def _duration(lasts: dt.timedelta) -> str:
    hours, seconds = divmod(int(lasts.total_seconds()), 3600)
    if hours >= 48:
        return gettext("{number} days").format(number=hours // 24)
    return (
        gettext("{number} h").format(number=hours)
        if hours
        else gettext("{number} min").format(number=seconds // 60)
    )


def _buttons(request: HttpRequest, flag: Flag, plan: Plan | None, present: Rollout | None) -> Iterator[Link]:
    state = present.state if present else ""
    states = Rollout.State
    buttons = (
        ("rollout_feature", gettext("Start"), "play_arrow", MANAGE, plan and state not in Rollout.ACTIVE),
        (
            "advance_rollout",
            gettext("Next stage"),
            "skip_next",
            MANAGE,
            state in (states.INITIATED, states.PROGRESSING),
        ),
        ("pause_rollout", gettext("Pause"), "pause", KILL, state in (states.INITIATED, states.PROGRESSING)),
        ("resume_rollout", gettext("Resume"), "play_arrow", MANAGE, state == states.PAUSED),
        (
            "roll_back_rollout",
            gettext("Roll back"),
            "undo",
            KILL,
            state in (*Rollout.ACTIVE, states.COMPLETED),
        ),
    )
    for page, title, icon, permission, fits in buttons:
        if fits and request.user.has_perm(permission):
            yield Link(title, reverse(f"admin:{page}", args=[flag.pk]), icon)


def evaluations(request: HttpRequest, flag: Flag) -> Mapping[str, Any]:
    since = now() - dt.timedelta(days=CHART_DAYS - 1)
    counts = usage.usage_of(flag.key, since.replace(hour=0, minute=0, second=0, microsecond=0))
    chart = hooks.Chart(title=_("Evaluations"), permission=VIEW, plot=lambda: _plot(counts, since))
    return {"chart": chart_context(chart) if counts else None}


def _plot(counts: Sequence[usage.Count], since: dt.datetime) -> hooks.Plot:
    days = [(since + dt.timedelta(days=number)).date() for number in range(CHART_DAYS)]
    variants = sorted({count.variant for count in counts})
    totals = {(count.starts_at.date(), count.variant): count.evaluations for count in counts}
    return hooks.Plot(
        labels=[day.isoformat() for day in days],
        series=[
            hooks.Series(
                variant or gettext("default of the caller"),
                [str(totals.get((day, variant), 0)) for day in days],
                COLOURS[number % len(COLOURS)],
            )
            for number, variant in enumerate(variants)
        ],
        unit=gettext("per day"),
    )


for _title, _template, _context in (
    (_("What it serves now"), "flags/serving.html", serving),
    (_("Rollout"), "flags/rollout.html", rollout),
    (_("Evaluations by variant"), "flags/evaluations.html", evaluations),
):
    hooks.plug(
        "operator",
        hooks.Section(
            model="flags.flag", title=_title, permission=VIEW, template=_template, context=_context
        ),
    )
