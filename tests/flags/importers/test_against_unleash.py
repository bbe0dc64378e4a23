"""The importer and the engine against Unleash's own engine, on random states and contexts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from apps.flags.importers import UnleashEvaluator, unleash_evaluator
from tests.support.unleash_peer import Peer
from tests.support.unleash_states import States

CONTEXTS = 12  # of a state
DRAWS = 2_000  # of an evaluation that places a unit at random


@pytest.mark.parametrize("block", range(8))
@pytest.mark.exhaustive("800 states", inside=True)
def test_no_evaluation_differs_from_that_of_unleash(block, sample):
    seeds = sample.of(range(block * 100, block * 100 + 100), 3)

    assert [
        difference for seed in seeds for difference in differences(States(seed, odd=0.02 * (seed % 10)))
    ] == []


def differences(states: States) -> list[tuple[Any, ...]]:
    state = states.state()
    document = states.delta(state) if states.chance(0.2) else state
    peer, evaluator = Peer(document), unleash_evaluator(document)
    return [
        (states.seed, feature["name"], context)
        for context in (states.context() for _ in range(CONTEXTS))
        for feature in state["features"]
        if not agree(peer, evaluator, feature["name"], context)
    ]


def agree(peer: Peer, evaluator: UnleashEvaluator, name: str, context: Mapping[str, Any]) -> bool:
    return is_possible(
        peer.is_enabled(name, context), lambda: evaluator.is_enabled(name, context)
    ) and is_possible(peer.get_variant(name, context), lambda: evaluator.get_variant(name, context))


def is_possible(result: Any, draw: Callable[[], Any]) -> bool:
    """The result is equal; or the unit is placed at random, and everything in the result is drawn at some time: Unleash
    draws several times in one evaluation, and can say that a feature is off and has a variant."""
    if draw() == result:
        return True
    draws = [draw() for _ in range(DRAWS)]
    if not isinstance(result, dict):
        return result in draws
    variants = [(drawn["name"], drawn.get("payload")) for drawn in draws]
    is_drawn = result["feature_enabled"] in [drawn["feature_enabled"] for drawn in draws]
    return is_drawn and (result["name"], result.get("payload")) in variants
