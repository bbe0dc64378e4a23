"""Conflict rules between flags, proved on a population: requires, implies, excludes.

At run time a flag that breaks one of its own rules is closed (reason PREREQUISITE), so no context gets both: the flag
that is named wins over the one that names it. Here the flags are evaluated without that, so that the conflict is seen
before it closes a flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .compilation import Compilation, on_variants_of
from .definitions import Flag
from .outcomes import Problem
from .rule_set import View


class _Rule(NamedTuple):
    flag: str
    other: str
    kind: str  # requires, implies, excludes
    place: str


def conflicts(rule_set: View, contexts: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Statically: rules that contradict each other or name unknown flags. On the contexts: rules that are broken.

    The place of a problem is the key of the flag, with the place in its document: `/sales.new-screen/requires/0`.
    """
    compilation = rule_set.unenforced()
    flags = compilation.checked.flags
    rules = [rule for flag in flags.values() for rule in _rules_of(flag)]
    problems = list(_static(rules, flags))
    proved = [rule for rule in rules if rule.other in flags]
    return problems + _on_population(proved, compilation, contexts)


def _rules_of(flag: Flag) -> Iterator[_Rule]:
    for kind in ("requires", "implies", "excludes"):
        for index, other in enumerate(getattr(flag, kind)):
            yield _Rule(flag.key, other, kind, f"/{flag.key}/{kind}/{index}")


def _static(rules: list[_Rule], flags: Mapping[str, Flag]) -> Iterator[Problem]:
    kinds: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        kinds.setdefault((rule.flag, rule.other), set()).add(rule.kind)
    for rule in rules:
        if rule.other not in flags:
            yield Problem("unknown_flag", rule.place, f"no flag has the key {rule.other!r}")
        elif rule.kind == "excludes":
            both = kinds.get((rule.flag, rule.other), set()) | kinds.get((rule.other, rule.flag), set())
            if both & {"requires", "implies"}:
                message = f"{rule.flag!r} and {rule.other!r} require and exclude each other"
                yield Problem("contradiction", rule.place, message)


def _on_population(
    rules: list[_Rule], compilation: Compilation, contexts: Iterable[Mapping[str, Any]]
) -> list[Problem]:
    keys = sorted({rule.flag for rule in rules} | {rule.other for rule in rules})
    on_variants = {key: on_variants_of(compilation.checked.flags[key]) for key in keys}
    broken: dict[_Rule, list[Mapping[str, Any]]] = {}
    total = 0
    for context in contexts:
        total += 1
        is_on = {key: _is_on(key, compilation, context, on_variants[key]) for key in keys}
        for rule in rules:
            if is_on[rule.flag] and is_on[rule.other] == (rule.kind == "excludes"):
                broken.setdefault(rule, []).append(context)
    return [_problem(rule, contexts, total) for rule, contexts in broken.items()]


def _is_on(
    key: str, compilation: Compilation, context: Mapping[str, Any], on_variants: tuple[str, ...]
) -> bool:
    try:
        return compilation.replayed[key](context, None).variant in on_variants
    except Exception:  # such a flag serves the caller's default
        return False


def _problem(rule: _Rule, contexts: list[Mapping[str, Any]], total: int) -> Problem:
    state = "is on as well" if rule.kind == "excludes" else "is off"
    of = f"{len(contexts):,} of {total:,} contexts, the first of them {contexts[0]!r:.300}"
    message = f"{rule.flag!r} is on and {rule.other!r} {state} for {of}"
    return Problem(f"{rule.kind}_broken", rule.place, message)
