"""A flag as the list of steps that other systems have: a condition, a share of units, and the variant.

The first step that holds serves its variant. The layers above are folded into it: the roles, and what the tenant has
narrowed; behind the last step is the variant of a flag that is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..bucketers import BUCKETERS
from ..definitions import (
    Always,
    Choice,
    Condition,
    Custom,
    Either,
    Every,
    Flag,
    InSegment,
    Not,
    Rule,
    Segment,
    Serves,
    Share,
    Split,
    Test,
)
from ..operators import test_of
from ..outcomes import Override
from ..units import CONSTANT, attribute_of, text_of
from ..waterfall import closed_variant, share_of_tenant
from .inexpressible import Inexpressible, Known

NEVER = Not(Always())


@dataclass(frozen=True)
class Step:
    when: Condition
    variant: str | None
    share: Share | None = None


def steps_of(flag: Flag, segments: Mapping[str, Segment], known: Known) -> list[Step]:
    """Without the steps that hold for no context. Raises Inexpressible."""
    if flag.requires or flag.excludes or flag.implies:
        raise Inexpressible("it requires, excludes or implies other flags")
    override = known.overrides.get(flag.key, Override())
    if flag.key in known.closed or not override.enabled:
        return [Step(Always(), closed_variant(flag))]
    if not flag.enabled:
        return [Step(Always(), flag.off_variant)]
    is_narrowed = override.roles or override.percentage is not None
    if is_narrowed and flag.off_variant is not None and flag.variants[flag.off_variant] is True:
        raise Inexpressible("the tenant has narrowed it, and its variant of off is on")
    folding = _Folding(segments, known)
    gate = folding.fold(Every(tuple(_role(roles) for roles in (override.roles, flag.roles) if roles)))
    steps = [folding.step(step, gate) for step in (*_of_rules(flag), *_of_rollout(flag))]
    if override.percentage is not None:
        steps = [folding.step(step, Always()) for step in _narrowed(flag, steps, override.percentage)]
    steps.append(Step(Always(), flag.off_variant))
    return [step for step in steps if step.when != NEVER]


def _role(roles: tuple[str, ...]) -> Condition:
    return Either((Test("role", "in", roles), Test("roles", "in", roles)))


def _of_rules(flag: Flag) -> Iterator[Step]:
    for rule in flag.rules:
        if isinstance(rule.pick, Choice):
            raise Inexpressible(f"the rule “{rule.name}” has a choice of another system")
        if isinstance(rule.pick, Split):
            yield from _of_split(rule, rule.pick, flag)
        else:
            yield Step(rule.when, rule.serve, rule.share)
        if rule.share is not None and not flag.matches_any:
            yield Step(rule.when, flag.off_variant)


def _of_split(rule: Rule, split: Split, flag: Flag) -> Iterator[Step]:
    """One variant, or two parts of which the first is a share. The unit that is missing gets the variant of off."""
    parts = [part for part in zip(split.variants, split.weights, strict=True) if part[1] > 0]
    total = sum(split.weights)
    if rule.share is not None or not 1 <= len(parts) <= 2:
        raise Inexpressible(f"the rule “{rule.name}” splits units into several parts")
    placed = (split.units, split.salt, split.bucketer, split.seed)
    yield Step(rule.when, parts[0][0], Share(100 * parts[0][1] / total, *placed))
    if len(parts) == 2:
        yield Step(rule.when, parts[1][0], Share(100.0, *placed))
    if not flag.matches_any:
        yield Step(rule.when, flag.off_variant)


def _of_rollout(flag: Flag) -> Iterator[Step]:
    if flag.rollout is None:
        yield Step(Always(), flag.default_variant)
        return
    if flag.rollout.canary is not None:
        yield Step(InSegment(flag.rollout.canary), flag.default_variant)
    yield Step(Always(), flag.default_variant, flag.rollout.share)


def _narrowed(flag: Flag, steps: list[Step], percentage: float) -> Iterator[Step]:
    """Inside the percentage of the tenant. Two shares of one salt are the smaller one."""
    narrow = share_of_tenant(flag, percentage)
    for step in steps:
        if step.variant == flag.off_variant:
            yield step
            continue
        if step.share is not None and replace(step.share, percentage=percentage) != narrow:
            raise Inexpressible("the tenant has narrowed it to a percentage, and a rule has another salt")
        inner = step.share.percentage if step.share else percentage
        yield replace(step, share=replace(narrow, percentage=min(percentage, inner)))


class _Folding:
    """Decides what is known, and puts segments in the place of their keys."""

    def __init__(self, segments: Mapping[str, Segment], known: Known) -> None:
        self._segments, self._attributes = segments, known.attributes

    def step(self, step: Step, gate: Condition) -> Step:
        when = self.fold(Every((gate, step.when)))
        share = step.share
        if share is None:
            return replace(step, when=when)
        attribute = attribute_of(share.units)
        constant = share.units[0].removeprefix(CONSTANT) if share.units[0].startswith(CONSTANT) else None
        if attribute in self._attributes or (len(share.units) == 1 and constant is not None):
            unit = constant if constant is not None else text_of(self._attributes[attribute or ""])
            inside = unit is not None and BUCKETERS[share.bucketer].gate(
                share.salt, share.percentage, share.seed
            )(unit)
            return Step(when if inside else NEVER, step.variant)
        return replace(step, when=NEVER if share.percentage == 0 else when)

    def fold(self, condition: Condition, depth: int = 0) -> Condition:
        if depth > 50:
            raise Inexpressible("its segments nest too deep")
        match condition:
            case Test() if condition.attribute in self._attributes:
                return Always() if test_of(condition)(self._attributes[condition.attribute]) else NEVER
            case Every(parts):
                return _joined(Every, [self.fold(part, depth + 1) for part in parts], Always(), NEVER)
            case Either(parts):
                return _joined(Either, [self.fold(part, depth + 1) for part in parts], NEVER, Always())
            case Not():
                return self._negated(condition, depth)
            case InSegment(key):
                if key not in self._segments:
                    raise Inexpressible(f"the segment “{key}” is not there")
                return self.fold(self._segments[key].when, depth + 1)
            case Serves(flag):
                raise Inexpressible(f"a condition depends on the flag “{flag}”")
            case Custom(kind):
                raise Inexpressible(f"a condition is of the kind “{kind}”")
        return condition

    def _negated(self, condition: Not, depth: int) -> Condition:
        """Negation moves inwards to the tests, of which a negated one is false for a missing attribute too."""
        match condition.part:
            case Always():
                return NEVER
            case Not(part):
                return self.fold(part, depth + 1)
            case Every(parts):
                return self.fold(Either(tuple(Not(part) for part in parts)), depth + 1)
            case Either(parts):
                return self.fold(Every(tuple(Not(part) for part in parts)), depth + 1)
            case Test() as test:
                return self.fold(replace(test, negate=not test.negate), depth + 1)
            case InSegment(key) if key in self._segments:
                return self.fold(Not(self._segments[key].when), depth + 1)
        return self.fold(condition.part, depth + 1)


def _joined(
    join: type[Every] | type[Either], parts: list[Condition], neutral: Condition, decisive: Condition
) -> Condition:
    if decisive in parts:
        return decisive
    left = tuple(part for part in parts if part != neutral)
    if not left:
        return neutral
    return left[0] if len(left) == 1 else join(left)
