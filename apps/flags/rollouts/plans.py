"""The plan of a rollout: the member `rollout` of a flag's document, when it has stages. Pure data.

    {"unit": "company", "canary": "beta-testers" | null,
     "stages": [{"percentage": 1.0, "dwell_s": 86400}, {"percentage": 25.0, "dwell_s": 86400}, …],
     "guards": [{"measure": "failures", "module": "ledger", "limit": 0.02, "minimum": 20, "action": "pause"},
                {"measure": "mean_ms", "command": "sales.place_order", "times": 1.5, "action": "roll_back",
                 "scope": "each_tenant"}]}

While only the canary segment is inside, the plan waits as long as in its first stage.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Measure = Literal["failures", "refusals", "mean_ms"]
Action = Literal["pause", "roll_back"]
Scope = Literal["all_tenants", "each_tenant"]
MEASURES, ACTIONS, SCOPES = (
    ("failures", "refusals", "mean_ms"),
    ("pause", "roll_back"),
    ("all_tenants", "each_tenant"),
)
UNITS = ("user", "company", "tenant")
MINIMUM_COMMANDS = 20
MAX_STAGES, MAX_GUARDS, MAX_DWELL_S = 50, 20, 90 * 24 * 3600


@dataclass(frozen=True)
class Stage:
    percentage: float
    dwell_s: float

    @property
    def dwell(self) -> dt.timedelta:
        return dt.timedelta(seconds=self.dwell_s)


@dataclass(frozen=True)
class Guard:
    """A condition on the figures of commands since the stage began.

    measure  share of failed commands, share of refused commands, or mean duration in milliseconds
    target   the command (`ledger.post_entry`) or the module (`ledger`)
    limit    the greatest value allowed; None: compared with the time before
    times    the greatest multiple allowed of the value in an equally long time before the rollout
    minimum  number of commands below which nothing is decided
    """

    measure: Measure
    target: str
    is_module: bool
    limit: float | None
    times: float | None
    minimum: int
    action: Action
    scope: Scope


@dataclass(frozen=True)
class Plan:
    unit: str
    canary: str | None
    stages: tuple[Stage, ...]
    guards: tuple[Guard, ...]

    def lasts(self, stage: int) -> dt.timedelta:
        """How long this number of stages lasts before the next one; 0 is the canary segment alone."""
        if stage == 0 and self.canary is None:
            return dt.timedelta(0)
        return self.stages[max(stage, 1) - 1].dwell

    def percentage(self, stage: int) -> float:
        return self.stages[stage - 1].percentage if stage else 0.0

    def is_last(self, stage: int) -> bool:
        return stage == len(self.stages)


def plan_of(document: Mapping[str, Any] | None) -> Plan | None:
    """None for a flag without stages. The document is a published one, so it has no problems."""
    rollout = (document or {}).get("rollout")
    if not isinstance(rollout, Mapping) or not rollout.get("stages"):
        return None
    return Plan(
        unit=str(rollout.get("unit", "user")),
        canary=rollout.get("canary"),
        stages=tuple(
            Stage(float(stage["percentage"]), float(stage["dwell_s"])) for stage in rollout["stages"]
        ),
        guards=tuple(_guard(guard) for guard in rollout.get("guards") or ()),
    )


def plan_in(document: Mapping[str, Any] | None) -> Plan:
    """As `plan_of`, of a document that has one."""
    plan = plan_of(document)
    if plan is None:
        raise ValueError("The document plans no rollout.")
    return plan


def _guard(guard: Mapping[str, Any]) -> Guard:
    return Guard(
        measure=guard["measure"],
        target=guard.get("command") or guard["module"],
        is_module="command" not in guard,
        limit=guard.get("limit"),
        times=guard.get("times"),
        minimum=int(guard.get("minimum", MINIMUM_COMMANDS)),
        action=guard.get("action", "pause"),
        scope=guard.get("scope", "all_tenants"),
    )


def problems(
    document: Mapping[str, Any], commands: Collection[str] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Code, pointer (a JSON pointer) and sentence of each problem of the plan. Without the names of `commands` guards
    may name any."""
    rollout = document.get("rollout")
    if not isinstance(rollout, Mapping):
        return
    if "stages" not in rollout:
        if rollout.get("guards"):
            yield "guards_without_stages", "/rollout/guards", "Guards watch the stages of a plan."
        return
    if "percentage" in rollout:
        yield "percentage_beside_stages", "/rollout/percentage", "The stages are the percentages of a plan."
    stages = rollout["stages"]
    if not isinstance(stages, list) or not 1 <= len(stages) <= MAX_STAGES:
        yield "stages_invalid", "/rollout/stages", f"A plan has 1 to {MAX_STAGES} stages."
        return
    yield from _stage_problems(stages)
    if rollout.get("canary") and document.get("default_variant") is None:
        yield "canary_without_variant", "/rollout/canary", "A canary segment needs a default variant."
    guards = rollout.get("guards") or []
    if not isinstance(guards, list) or len(guards) > MAX_GUARDS:
        yield "guards_invalid", "/rollout/guards", f"A plan has at most {MAX_GUARDS} guards."
        return
    for number, guard in enumerate(guards):
        pointer = f"/rollout/guards/{number}"
        yield from _guard_problems(pointer, guard)
        if commands is not None and isinstance(guard, Mapping):
            yield from _target_problems(pointer, guard, commands)


def _stage_problems(stages: list[Any]) -> Iterator[tuple[str, str, str]]:
    highest = 0.0
    for number, stage in enumerate(stages):
        pointer = f"/rollout/stages/{number}"
        if not isinstance(stage, Mapping) or not {"percentage", "dwell_s"} >= stage.keys() >= {
            "percentage",
            "dwell_s",
        }:
            yield "stage_invalid", pointer, "A stage has a percentage and a dwell time, `dwell_s`."
            continue
        percentage, dwell_s = stage["percentage"], stage["dwell_s"]
        if not _is_number(percentage, 0, 100) or percentage < highest:
            yield (
                "percentages_not_rising",
                f"{pointer}/percentage",
                "Percentages rise from stage to stage, up to 100.",
            )
        else:
            highest = percentage
        if not _is_number(dwell_s, 0, MAX_DWELL_S):
            yield "dwell_invalid", f"{pointer}/dwell_s", f"A stage lasts from 0 to {MAX_DWELL_S} seconds."


def _guard_problems(pointer: str, guard: Any) -> Iterator[tuple[str, str, str]]:
    if not isinstance(guard, Mapping):
        yield "guard_invalid", pointer, "A guard is an object."
        return
    known = {"measure", "command", "module", "limit", "times", "minimum", "action", "scope"}
    for name in sorted(map(str, guard.keys() - known)):
        yield "guard_invalid", f"{pointer}/{name}", f"A guard has no member {name!r}."
    if guard.get("measure") not in MEASURES:
        yield "measure_unknown", f"{pointer}/measure", f"A guard measures one of {', '.join(MEASURES)}."
    if ("command" in guard) == ("module" in guard):
        yield "target_missing", pointer, "A guard names either a command or a module."
    elif not isinstance(guard.get("command", guard.get("module")), str):
        yield "target_missing", pointer, "A guard names its command or module by a text."
    if ("limit" in guard) == ("times" in guard):
        yield "limit_missing", pointer, "A guard has either a limit or a multiple of the time before."
    elif not _is_number(guard.get("limit", guard.get("times")), 0, 1e9):
        yield "limit_invalid", pointer, "The limit of a guard is a number from 0."
    if not _is_number(guard.get("minimum", 1), 1, 1e9):
        yield "minimum_invalid", f"{pointer}/minimum", "A guard decides on at least one command."
    if guard.get("action", "pause") not in ACTIONS:
        yield "action_unknown", f"{pointer}/action", f"A guard does one of {', '.join(ACTIONS)}."
    if guard.get("scope", "all_tenants") not in SCOPES:
        yield "scope_unknown", f"{pointer}/scope", f"A guard looks at one of {', '.join(SCOPES)}."


def _target_problems(
    pointer: str, guard: Mapping[str, Any], commands: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """A guard on what never runs would never stop anything."""
    command, module = guard.get("command"), guard.get("module")
    if isinstance(command, str) and command not in commands:
        yield "target_unknown", f"{pointer}/command", f"There is no command {command!r}."
    if isinstance(module, str) and not any(name.startswith(f"{module}.") for name in commands):
        yield "target_unknown", f"{pointer}/module", f"No module {module!r} has commands."


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
