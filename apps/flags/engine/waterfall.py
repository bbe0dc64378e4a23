"""The waterfall of a flag as one list of steps, from which both functions are written: the one that evaluates and the
one that explains (emission.py). So a step that is missing or wrong is so in both.

A step decides if its test holds: it serves its outcome, and nothing below it is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .definitions import Choice, Condition, Either, Flag, InSegment, Rule, Serves, Share
from .expressions import FALSE, TRUE, Expressions
from .outcomes import (
    DEFAULT,
    DISABLED,
    DISABLED_BY_ENVIRONMENT,
    ERROR,
    KILLED,
    LIMIT_REACHED,
    NARROWED_BY_TENANT,
    NOT_ENTITLED,
    PREREQUISITE,
    ROLE_MISSING,
    ROLLOUT,
    RULE_MATCH,
    SPLIT,
    Override,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`is_closed`: nothing that the document says makes it true, nor does the caller's default."""

    variant: str | None
    reason: str
    rule: str | None = None
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """`picked` are the outcomes of a test that leaves the index of one in `i`. `message` says what was decided, with
    `facts` in it; `passed` what it means for the layer that this step did not decide."""

    layer: str
    test: str
    outcome: Outcome
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    picked: tuple[Outcome, ...] = ()
    opens: bool = False
    passed: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Of one flag, for one tenant: what the documents do not say. `entitled` is None for a flag without entitlement."""

    in_environment: bool = True
    killed: bool = False
    entitled: bool | None = None
    limit_reached: bool = False
    override: Override | None = None


@dataclass(frozen=True)
class Subject:
    """A flag in its rule set. `on_variants` are those of the flags that it requires, excludes or implies."""

    flag: Flag | None  # None: its document cannot be read
    status: Status
    on_variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: str = ""
    enforced: bool = True  # the conflict rules
    widens: Callable[[Mapping[str, Any]], bool] | None = None  # by what the tenant narrowed in other flags

    def off(self, reason: str, rule: str | None = None) -> Outcome:
        """What a layer of the document serves that closes the flag."""
        return Outcome(self.flag.off_variant if self.flag else None, reason, rule)

    def closed(self, reason: str) -> Outcome:
        """What is served where others than the document's authors close the flag. A boolean is then false."""
        return Outcome(closed_variant(self.flag) if self.flag else None, reason, is_closed=True)


def closed_variant(flag: Flag) -> str | None:
    """The variant of a closed flag: of a boolean one whose value is false, whatever the document names."""
    if flag.type != "boolean" or flag.variants.get(flag.off_variant or "") is False:
        return flag.off_variant
    return next((name for name, value in flag.variants.items() if value is False), None)


def steps_of(subject: Subject, expressions: Expressions) -> tuple[Step, ...]:
    """All steps, up to the first that always decides."""
    steps = []
    for step in _layers(subject, expressions):
        if step.test != FALSE:
            steps.append(step)
        if step.test == TRUE:
            break
    return tuple(steps)


def _layers(subject: Subject, expressions: Expressions) -> Iterator[Step]:
    yield from _global(subject)
    flag = subject.flag
    if flag is None or subject.broken:
        return
    yield from _tenant(flag, subject, expressions)
    yield from _role(flag, subject, expressions)
    yield from _prerequisites(flag, subject, expressions)
    for rule in flag.rules:
        yield from _targeting(rule, flag, subject, expressions)
    yield from _percentage(flag, subject, expressions)


def _global(subject: Subject) -> Iterator[Step]:
    if not subject.status.in_environment:
        message = "The environment switches the flag off."
        yield Step("global", TRUE, subject.closed(DISABLED_BY_ENVIRONMENT), message)
    if subject.status.killed:
        yield Step("global", TRUE, subject.closed(KILLED), "The flag is killed.")
    if subject.flag is None or subject.broken:
        facts = {"problem": subject.broken}
        yield Step("global", TRUE, Outcome(None, ERROR), "The flag cannot be evaluated: {problem}", facts)
    elif not subject.flag.enabled:
        yield Step("global", TRUE, subject.off(DISABLED), "The flag is disabled.")


def _tenant(flag: Flag, subject: Subject, expressions: Expressions) -> Iterator[Step]:
    status = subject.status
    facts: dict[str, Any] = {"entitlement": flag.entitlement}
    if status.entitled is False:
        message = "The plan does not include “{entitlement}”."
        yield Step("tenant", TRUE, subject.closed(NOT_ENTITLED), message, facts)
    if status.limit_reached:
        message = "The limit of “{entitlement}” is reached."
        yield Step("tenant", TRUE, subject.closed(LIMIT_REACHED), message, facts)
    narrowed = subject.closed(NARROWED_BY_TENANT)
    if status.override is not None:
        yield from _override(flag, status.override, narrowed, expressions)
    if subject.widens is not None:
        message = "What the tenant has switched off elsewhere does not switch this flag on."
        yield Step("tenant", f"{expressions.name('o', subject.widens)}(c)", narrowed, message)


def _override(flag: Flag, override: Override, narrowed: Outcome, expressions: Expressions) -> Iterator[Step]:
    revision: dict[str, Any] = {"revision": override.revision}
    if not override.enabled:
        yield Step("tenant", TRUE, narrowed, "The tenant has switched the flag off.", revision)
    if override.roles:
        facts: dict[str, Any] = {"roles": override.roles, **revision}
        message = "The tenant has limited the flag to the roles {roles}."
        yield Step("tenant", _without_role(override.roles, expressions), narrowed, message, facts)
    if override.percentage is not None:
        share = share_of_tenant(flag, override.percentage)
        facts = {"percentage": override.percentage, "unit": share.units, **revision}
        message = "The tenant has limited the flag to {percentage:g} %, and the unit is outside."
        yield Step("tenant", f"not {expressions.inside(share)}", narrowed, message, facts)


def share_of_tenant(flag: Flag, percentage: float) -> Share:
    """The units of the flag's rollout, in the same buckets: a smaller percentage is a part of the larger one."""
    units = ("company",) if flag.posting else ("user",)
    share = flag.rollout.share if flag.rollout else Share(0.0, units, flag.salt, flag.bucketer)
    return Share(percentage, share.units, share.salt, share.bucketer, share.seed)


def _role(flag: Flag, subject: Subject, expressions: Expressions) -> Iterator[Step]:
    if flag.roles:
        message, passed = "None of the roles {roles} is present.", "One of the roles {roles} is present."
        test, facts = _without_role(flag.roles, expressions), {"roles": flag.roles}
        yield Step("role", test, subject.off(ROLE_MISSING), message, facts, passed=passed)


def _without_role(roles: tuple[str, ...], expressions: Expressions) -> str:
    without = frozenset(roles).isdisjoint
    return f"{expressions.name('r', lambda context: without(roles_of(context)))}(c)"


def roles_of(context: Mapping[str, Any]) -> list[str]:
    """The attributes `role` (one) and `roles` (several)."""
    role, roles = context.get("role"), context.get("roles")
    several = roles if isinstance(roles, (list, tuple, set, frozenset)) else (roles,)
    return [name for name in (role, *several) if isinstance(name, str)]


def _prerequisites(flag: Flag, subject: Subject, expressions: Expressions) -> Iterator[Step]:
    def step(serves: Serves, message: str, passed: str, negated: bool = True) -> Step:
        test = expressions.condition(serves, negated)
        facts = {"flag": serves.flag, "variants": serves.variants}
        return Step("prerequisites", test, subject.off(PREREQUISITE), message, facts, passed=passed)

    for serves in flag.prerequisites:
        yield step(serves, "“{flag}” serves none of {variants}.", "“{flag}” serves one of {variants}.")
    if not subject.enforced:
        return
    for key in (*flag.requires, *flag.implies):
        serves = Serves(key, subject.on_variants[key])
        yield step(serves, "“{flag}”, which is required, is off.", "“{flag}” is on.")
    for key in flag.excludes:
        serves = Serves(key, subject.on_variants[key])
        yield step(serves, "“{flag}”, which excludes this flag, is on.", "“{flag}” is off.", negated=False)


def _targeting(rule: Rule, flag: Flag, subject: Subject, expressions: Expressions) -> Iterator[Step]:
    when, facts = expressions.condition(rule.when), {"rule": rule.name}
    test, outcome = when, Outcome(rule.serve, RULE_MATCH, rule.name)
    picked: tuple[Outcome, ...] = ()
    message = "The rule “{rule}” matches."
    if rule.share is not None:
        test = _both(test, expressions.inside(rule.share))
    if rule.pick is not None:
        test = _both(test, f"(i := {expressions.picked(rule.pick, flag.variants)}) is not None")
        picked = _picked(rule, flag)
        message = "The rule “{rule}” matches, and chooses a variant."
    yield Step("targeting", test, outcome, message, facts, picked, opens=True)
    if test != when and not flag.matches_any and not isinstance(rule.pick, Choice):
        message = "The rule “{rule}” matches, and the unit is outside its percentage."
        yield Step(
            "targeting", expressions.condition(rule.when), subject.off(ROLLOUT, rule.name), message, facts
        )


def _both(first: str, second: str) -> str:
    if FALSE in (first, second):
        return FALSE
    return second if first == TRUE else f"{first} and {second}"


def _picked(rule: Rule, flag: Flag) -> tuple[Outcome, ...]:
    if rule.pick is None or isinstance(rule.pick, Choice):
        return tuple(Outcome(variant, RULE_MATCH, rule.name) for variant in flag.variants)
    return tuple(Outcome(variant, SPLIT, rule.name) for variant in rule.pick.variants)


def _percentage(flag: Flag, subject: Subject, expressions: Expressions) -> Iterator[Step]:
    rollout = flag.rollout
    if rollout is None:
        message = "No rule decides otherwise."
        yield Step("percentage", TRUE, Outcome(flag.default_variant, DEFAULT), message, opens=True)
        return
    share = rollout.share
    facts = {"percentage": share.percentage, "unit": share.units, "canary": rollout.canary}
    inside, served = expressions.inside(share), Outcome(flag.default_variant, ROLLOUT)
    if rollout.canary is not None:
        canary: Condition = Either((InSegment(rollout.canary),))
        message = "The canary group “{canary}” is served first."
        yield Step("percentage", expressions.condition(canary), served, message, facts, opens=True)
    message = "The unit is inside {percentage:g} %."
    yield Step("percentage", inside, served, message, facts, opens=True)
    message = "The unit is outside {percentage:g} %, or missing."
    yield Step("percentage", TRUE, subject.off(ROLLOUT), message, facts)
