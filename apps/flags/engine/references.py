"""References between flags and segments: what a flag depends on, and why it cannot be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from .definitions import Condition, Flag, InSegment, Segment, Serves, walk
from .nesting import MAX_NESTED, Nesting


def conditions_of(flag: Flag) -> list[Condition]:
    """The conditions of a flag: of its rules, its prerequisites and its canary group."""
    canary = [InSegment(flag.rollout.canary)] if flag.rollout and flag.rollout.canary is not None else []
    return [*flag.prerequisites, *(rule.when for rule in flag.rules), *canary]


def segments_of(conditions: Iterable[Condition]) -> set[str]:
    return {part.key for condition in conditions for part in walk(condition) if isinstance(part, InSegment)}


def flags_of(conditions: Iterable[Condition]) -> list[str]:
    """One for each condition that names a flag."""
    return [part.flag for condition in conditions for part in walk(condition) if isinstance(part, Serves)]


def rivals_of(flag: Flag) -> tuple[str, ...]:
    """The flags of the conflict rules."""
    return (*flag.requires, *flag.implies, *flag.excludes)


def reachable(start: str, direct: Callable[[str], Set[str]]) -> dict[str, str]:
    """Everything that `start` leads to, each with where it was reached from; `start` itself only through a cycle."""
    reached: dict[str, str] = {}
    left = [start]
    while left:
        current = left.pop()
        new = sorted(key for key in direct(current) if key not in reached)
        reached.update(dict.fromkeys(new, current))
        left.extend(new)
    return reached


def path(start: str, reached: Mapping[str, str]) -> list[str]:
    """The cycle of `start`, from `start` to `start`."""
    keys, current = [start], reached[start]
    while current != start:
        keys.append(current)
        current = reached[current]
    return [*keys, start][::-1]


class References:
    """Of one state of a rule set. Flags are those that can be read."""

    def __init__(self, flags: Mapping[str, Flag], segments: Mapping[str, Segment]) -> None:
        self.flags, self.segments = flags, segments
        self._direct: dict[str, frozenset[str]] = {}
        self._closures: dict[str, dict[str, str]] = {}
        self.nesting = Nesting(self.named)

    def all_segments(self, flag: Flag) -> set[str]:
        """Of a flag, with the segments inside segments."""
        direct = segments_of(conditions_of(flag))
        return direct.union(*(reachable(key, self.inner_segments) for key in direct))

    def inner_segments(self, key: str) -> set[str]:
        return segments_of([self.segments[key].when]) if key in self.segments else set()

    def direct(self, key: str) -> frozenset[str]:
        """The flags that a flag names, also in its segments."""
        if key not in self._direct:
            self._direct[key] = frozenset(self.named(key))
        return self._direct[key]

    def named(self, key: str) -> list[str]:
        """The same, as often as it names them: each is an evaluation."""
        flag = self.flags.get(key)
        if flag is None:
            return []
        inner = [self.segments[key].when for key in self.all_segments(flag) if key in self.segments]
        return [*flags_of([*conditions_of(flag), *inner]), *rivals_of(flag)]

    def closure(self, key: str) -> dict[str, str]:
        if key not in self._closures:
            self._closures[key] = reachable(key, self.direct) if self.direct(key) else {}
        return self._closures[key]

    def problem(self, key: str) -> str:
        """Why a flag that can be read cannot be evaluated; empty if it can."""
        segments = self.all_segments(self.flags[key])
        for segment in sorted(segments):
            if segment not in self.segments:
                return f"the segment “{segment}” is missing or has a problem"
            if segment in reachable(segment, self.inner_segments):
                return f"the segment “{segment}” contains itself"
        for other in sorted(self.direct(key)):
            if other not in self.flags:
                return f"the flag “{other}” is missing or has a problem"
        if self.nesting.cost(key) > MAX_NESTED:
            return f"it needs more than {MAX_NESTED} evaluations of other flags"
        if key in self.nesting.cyclic:
            return f"it depends on itself: {' → '.join(path(key, self.closure(key)))}"
        return ""
