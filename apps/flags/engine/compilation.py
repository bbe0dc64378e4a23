"""One state of a rule set, for the platform or for one tenant, as functions by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from .bulk import Bulk, Row, row_of
from .definitions import Flag
from .emission import Evaluate, Plan, Tick, predicate
from .explaining import Explainer
from .expressions import Expressions
from .history import Known, State, environment_name
from .outcomes import (
    ALL_ENTITLEMENTS,
    DISABLED_BY_ENVIRONMENT,
    KILLED,
    NARROWED_BY_TENANT,
    NESTED,
    UNKNOWN_FLAG,
    UNLIMITED,
    Evaluation,
    TenantLayer,
)
from .references import References, rivals_of
from .tally import Tally
from .waterfall import Status, Subject, closed_variant, steps_of

F = TypeVar("F")


class Functions(dict[str, F], Generic[F]):
    """Made at their first use. A key that does not exist is a KeyError."""

    def __init__(self, make: Callable[[str], F]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> F:
        function = self._make(key)
        self[key] = function
        return function


class Checked:
    """A state with the problems of its references."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.flags: dict[str, Flag] = {
            key: known.reading.flag for key, known in state.flags.items() if known.reading.flag is not None
        }
        segments = {
            key: known.reading.segment
            for key, known in state.segments.items()
            if known.reading.segment is not None
        }
        self.references = References(self.flags, segments)

    def broken(self, key: str) -> str:
        """Why the flag cannot be evaluated."""
        if key in self.flags:
            return self.references.problem(key)
        problems = [problem for problem in self.state.flags[key].reading.problems if not problem.is_warning]
        return "; ".join(f"{problem.place or '/'}: {problem.message}" for problem in problems[:5])


class Compilation:
    """The functions of a state: `served` counts, `nested` is called by other flags, `replayed` counts nothing, and
    `explainers` explain. A tenant shares the functions of the platform, or of another tenant of the same status."""

    def __init__(
        self,
        checked: Checked,
        tally: Tally,
        layer: TenantLayer | None = None,
        platform: Compilation | None = None,
        *,
        enforced: bool = True,
    ) -> None:
        self.checked, self.tally, self.layer, self.enforced = checked, tally, layer, enforced
        self._platform: Compilation = platform or self
        self._shared: dict[tuple[str, tuple[Status, ...]], Compilation] = {}
        self.served: Functions[Evaluate] = Functions(self._served)
        self.nested: Functions[Evaluate] = Functions(self._nested)
        self.replayed: Functions[Evaluate] = Functions(self._replayed)
        self.explainers: Functions[Explainer] = Functions(self._explainer)
        self.rows: Functions[Row] = Functions(self._row)
        self.plans: Functions[Plan] = Functions(self._plan)
        self._segments: dict[tuple[str, bool], Any] = {}
        self._statuses: Functions[Status] = Functions(self._status)

    @cached_property
    def bulk(self) -> Bulk:
        """All flags at once."""
        return Bulk(self._owner(key).rows[key] for key in self.checked.state.flags)

    def unknown(self, key: object, default: Any) -> Evaluation:
        """Of a key without a document. What is closed stays closed: the caller's default is then not true."""
        reason = self._reason_of_unknown(key) if isinstance(key, str) else UNKNOWN_FLAG
        value = False if default is True and reason != UNKNOWN_FLAG else default
        return Evaluation(value, None, reason, None, 0)

    def _reason_of_unknown(self, key: str) -> str:
        state, override = self.checked.state, self.layer.overrides.get(key) if self.layer else None
        if not state.environment.get(environment_name(key), True):
            return DISABLED_BY_ENVIRONMENT
        if key in state.killed:
            return KILLED
        return NARROWED_BY_TENANT if override is not None and not override.enabled else UNKNOWN_FLAG

    def _row(self, key: str) -> Row:
        plan = self.plans[key]
        return row_of(key, plan, plan.constants(self._ticks(key), self.nested))

    def _ticks(self, key: str) -> Tick:
        return lambda variant, reason: self.tally.tick(key, variant, reason)

    def _served(self, key: str) -> Evaluate:
        owner = self._owner(key)
        if owner is not self:
            return owner.served[key]
        return self.plans[key].evaluating(self._ticks(key), self.nested)

    def _nested(self, key: str) -> Evaluate:
        return self.plans[key].evaluating(
            lambda variant, _: self.tally.tick(key, variant, NESTED), self.nested
        )

    def _replayed(self, key: str) -> Evaluate:
        return self.plans[key].evaluating(lambda variant, reason: _count_nothing, self.replayed)

    def _explainer(self, key: str) -> Explainer:
        plan = self.plans[key]
        return Explainer(plan, plan.explaining(self.replayed))

    def _owner(self, key: str) -> Compilation:
        """The compilation with the same status of the flag and of all flags that it depends on."""
        platform = self._platform
        if platform is self:
            return self
        keys = (key, *self.checked.references.closure(key))
        status = tuple(self._statuses[k] for k in keys if k in self.checked.state.flags)
        if all(self._statuses[k] == platform._statuses[k] for k in keys if k in self.checked.state.flags):
            return platform
        return platform._shared.setdefault((key, status), self)

    def _status(self, key: str) -> Status:
        known, layer = self.checked.state.flags[key], self.layer
        flag = known.reading.flag
        entitlement = flag.entitlement if flag else None
        in_environment = self.checked.state.environment.get(environment_name(key), True)
        if layer is None:
            return Status(in_environment, known.entry.killed, False if entitlement else None)
        entitled = limit_reached = None
        if entitlement:
            entitled = not layer.entitlements.isdisjoint((entitlement, ALL_ENTITLEMENTS))
            limit = layer.limits.get(entitlement, UNLIMITED)
            limit_reached = limit != UNLIMITED and layer.usage.get(entitlement, 0) >= limit
        override = layer.overrides.get(key)
        return Status(in_environment, known.entry.killed, entitled, bool(limit_reached), override)

    def _plan(self, key: str) -> Plan:
        known = self.checked.state.flags[key]
        flag, broken = known.reading.flag, self.checked.broken(key)
        on_variants = {}
        if flag and not broken:
            on_variants = {other: on_variants_of(self.checked.flags[other]) for other in rivals_of(flag)}
        subject = Subject(flag, self._statuses[key], on_variants, broken, self.enforced)
        if flag and not broken and self._names_a_narrowed_flag(key):
            subject = replace(subject, widens=self._widening(flag, self._plan_of(subject, known)))
        return self._plan_of(subject, known)

    def _plan_of(self, subject: Subject, known: Known) -> Plan:
        expressions = Expressions(self._segment)
        steps = steps_of(subject, expressions)
        tests = tuple(expressions.tests)
        return Plan(known.key, known.entry.revision, steps, expressions.names, tests, subject.flag)

    def _names_a_narrowed_flag(self, key: str) -> bool:
        overrides = self.layer.overrides if self.layer else {}
        return any(overrides.get(other) is not None for other in self.checked.references.closure(key))

    def _widening(self, flag: Flag, plan: Plan) -> Callable[[Mapping[str, Any]], bool]:
        """Whether a flag serves a variant only because the tenant narrowed a flag that it names: one that it excludes,
        or of which a rule needs a closed variant."""
        narrowed = plan.evaluating(lambda variant, reason: _count_nothing, self.replayed)
        without, closed = self._without_overrides, closed_variant(flag)

        def widens(context: Mapping[str, Any]) -> bool:
            variant = narrowed(context, None).variant
            return variant != closed and variant != without.replayed[flag.key](context, None).variant

        return widens

    @cached_property
    def _without_overrides(self) -> Compilation:
        """As the tenant would be served if it had narrowed nothing."""
        layer = replace(self.layer, overrides={}) if self.layer else None
        return Compilation(self.checked, self.tally, layer, enforced=self.enforced)

    def _segment(self, key: str, negated: bool) -> Any:
        if (key, negated) not in self._segments:
            expressions = Expressions(self._segment)
            source = expressions.condition(self.checked.references.segments[key].when, negated)
            self._segments[key, negated] = predicate(source, expressions.names)
        return self._segments[key, negated]


def on_variants_of(flag: Flag) -> tuple[str, ...]:
    """The variants with which a flag counts as on: all but the one that is served when it is closed, and false."""
    return tuple(
        name for name, value in flag.variants.items() if name != flag.off_variant and value is not False
    )


def _count_nothing() -> None:
    """In place of a tick."""
