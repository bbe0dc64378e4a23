"""Comparisons of the importer and the engine against Unleash's own engine: values that are nearly numbers, versions,
instants, networks and patterns."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from apps.flags.importers import unleash_evaluator
from tests.support.unleash_peer import Peer
from tests.support.unleash_states import (
    ADDRESSES,
    INSTANT_OPERATORS,
    INSTANTS,
    NETWORKS,
    NUMBER_OPERATORS,
    NUMBERS,
    ODD_ADDRESSES,
    ODD_INSTANTS,
    ODD_NUMBERS,
    ODD_VERSIONS,
    TEXT_OPERATORS,
    TEXTS,
    VERSION_OPERATORS,
    VERSIONS,
    words,
)

# Each kind: operators, values, and the characters that change them
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "numbers": (NUMBER_OPERATORS, NUMBERS + ODD_NUMBERS, "0123456789.-+eE "),
    "versions": (VERSION_OPERATORS, VERSIONS + ODD_VERSIONS, "0123456789.-+av "),
    "instants": (
        (*INSTANT_OPERATORS, "NUM_EQ", "SEMVER_LTE"),
        INSTANTS + ODD_INSTANTS,
        "0123456789-:.TZ+ tz\N{MINUS SIGN}",
    ),
    "networks": (("IN_CIDR",), NETWORKS + ADDRESSES + ODD_ADDRESSES, "0123456789.:/afx%+"),
    "texts": (TEXT_OPERATORS, TEXTS, 'aAéÉßİΣςKſ"\\ '),
}
PIECES = words(
    r"""
    a b é . ^ $ | ( ) [ { * (a|b) (?:ab) a* a+ a? a{2} a{1,} a{1,2} a*? a{,2} {1} \d \w \s \D \W \S
    \. \- \@ \_ \\ \t \1 \h \Q [a-z] [^a-z] [\d_] [\w-] [^\s] [\D] [\S] []a] [^]a] [a-] [[:digit:]]
    [[:^alpha:]] [\p{L}\d] [a&&b] \p{L} \pL \p{Greek} \x41 \x{e9} \u00e9 \U0001F600 \u{e9} (?i)É (?i:a)
    (?s). (?m)^a (?) (?x) (?U)a+ (?P<x>a) (?<y>b) (?=a) \A \z \Z
    """
)
PATTERN_TEXTS = (
    *TEXTS,
    *words("٣ Ⅷ ‿ 😀 a1_ {1} - ²"),
    "a\nb",
    "\N{ZERO WIDTH JOINER}",
    "\N{NO-BREAK SPACE}",
)
CONSTRAINTS, CONTEXTS = 100, 12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.exhaustive("20 seeds of 100 constraints", inside=True)
def test_no_comparison_differs_from_that_of_unleash(kind, sample):
    operators, values, characters = KINDS[kind]

    for seed in sample.of(range(20), 1):
        chance = random.Random(f"{kind} {seed}")

        def value(chance: random.Random = chance) -> str:
            return changed(chance.choice(values), characters, chance)

        def constraint(chance: random.Random = chance) -> dict[str, Any]:
            operands = {
                "value": value(chance),
                "values": [value(chance) for _ in range(chance.randint(1, 2))],
            }
            return {"operator": chance.choice(operators), **operands}

        assert differences(constraint, value, chance) == []


@pytest.mark.exhaustive("20 seeds of 100 patterns", inside=True)
def test_no_pattern_that_re2_can_express_matches_otherwise_than_in_unleash(sample):
    for seed in sample.of(range(20), 1):
        chance = random.Random(f"patterns {seed}")

        def constraint(chance: random.Random = chance) -> dict[str, Any]:
            pattern = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 3)))
            return {"operator": "REGEX", "value": pattern}

        def value(chance: random.Random = chance) -> str:
            return chance.choice(PATTERN_TEXTS) + chance.choice(PATTERN_TEXTS)

        assert differences(constraint, value, chance) == []


def changed(text: str, characters: str, chance: random.Random) -> str:
    """With up to two characters inserted or removed."""
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        position = chance.randint(0, len(text))
        removed = chance.random() < 0.4
        text = text[:position] + ("" if removed else chance.choice(characters)) + text[position + removed :]
    return text


def differences(
    constraint: Callable[[], dict[str, Any]], value: Callable[[], str], chance: random.Random
) -> list[tuple[Any, ...]]:
    """Of comparisons that the importer does not report as impossible."""
    constraints = [
        {
            "contextName": "x",
            **constraint(),
            **{name: chance.random() < 0.5 for name in ("inverted", "caseInsensitive")},
        }
        for _ in range(CONSTRAINTS)
    ]
    features = [
        {"name": str(number), "enabled": True, "strategies": [{"name": "default", "constraints": [one]}]}
        for number, one in enumerate(constraints)
    ]
    peer, evaluator = Peer({"version": 2, "features": features}), unleash_evaluator({"features": features})
    reported = {
        pointer.split("/")[2] for code, pointer, _, _ in evaluator.imported.problems if code == "bad_regex"
    }
    contexts = [{"properties": {"x": value()}} for _ in range(CONTEXTS)]
    return [
        (constraints[int(feature["name"])], context)
        for context in contexts
        for feature in features
        if feature["name"] not in reported
        if peer.is_enabled(feature["name"], context) != evaluator.is_enabled(feature["name"], context)
    ]
