"""The importer and the engine against flagd's own engine, on random documents and contexts."""

from __future__ import annotations

import copy
import json
import logging
from typing import Any

import pytest
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

from apps.flags.importers import flagd_evaluator
from tests.support.flagd_documents import Documents

QUESTIONS = 60  # of a document


@pytest.fixture(autouse=True)
def silent_peer():
    logger = logging.getLogger("openfeature.contrib")
    logger.disabled = True
    yield
    logger.disabled = False


@pytest.mark.parametrize("block", range(8))
@pytest.mark.exhaustive("1,600 documents", inside=True)
def test_no_evaluation_differs_from_that_of_flagd(block, sample):
    seeds = sample.of(range(block * 200, block * 200 + 200), 8)

    assert [difference for seed in seeds for difference in differences(Documents(seed))] == []


def differences(documents: Documents) -> list[tuple[Any, ...]]:
    document = documents.document()
    peer, evaluator = FlagdCore(), flagd_evaluator(copy.deepcopy(document))
    peer.set_flags(json.dumps(document, ensure_ascii=False))
    different = []
    for _ in range(QUESTIONS):
        question, context = documents.question(), documents.context()
        expected, result = evaluated(peer, *question, context), evaluator.evaluate(*question, context)
        if not is_equal(result, expected):
            different.append((documents.seed, question, context, expected, result))
    return different


def evaluated(peer: FlagdCore, key: str, kind: str, default: Any, context: dict[str, Any]) -> dict[str, Any]:
    """By flagd. An evaluation that it does not finish is an error without a code of its own."""
    attributes = {name: value for name, value in context.items() if name != "targetingKey"}
    try:
        resolve = getattr(peer, f"resolve_{kind.lower()}_value")
        details = resolve(
            key, default, EvaluationContext(context.get("targetingKey"), copy.deepcopy(attributes))
        )
    except OpenFeatureError as error:
        return _failed(default, error.error_code.value)
    except Exception:
        return _failed(default, "GENERAL")
    return {
        "value": details.value,
        "reason": getattr(details.reason, "value", details.reason),
        "variant": details.variant,
        "error_code": details.error_code,
        "metadata": dict(details.flag_metadata),
    }


def _failed(default: Any, code: str) -> dict[str, Any]:
    return {"value": default, "reason": "ERROR", "variant": None, "error_code": code, "metadata": {}}


def is_equal(result: dict[str, Any], expected: dict[str, Any]) -> bool:
    return result == expected and type(result["value"]) is type(expected["value"])
