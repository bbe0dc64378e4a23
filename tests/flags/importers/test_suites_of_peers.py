"""The peers' own suites, through the importers and the engine."""

import json
from pathlib import Path

import pytest

from apps.flags.importers import flagd_evaluator, unleash_evaluator

SUITES = Path(__file__).resolve().parents[4] / "shared" / "suites" / "flags"
UNLEASH = SUITES / "unleash_client_specification"
FLAGD = SUITES / "flagd_testbed"

pytestmark = pytest.mark.skipif(not SUITES.exists(), reason="the suites of peers are not here")


def test_all_cases_of_unleash_have_their_result():
    differences, cases = [], 0
    for name in json.loads((UNLEASH / "index.json").read_text()):
        specification = json.loads((UNLEASH / name).read_text())
        evaluator = unleash_evaluator(specification["state"])
        for kind, call in (("tests", evaluator.is_enabled), ("variantTests", evaluator.get_variant)):
            for case in specification.get(kind, []):
                cases += 1
                result = call(case["toggleName"], case["context"])
                if result != case["expectedResult"]:
                    differences.append((name, case["description"], result))

    assert differences == []
    assert cases == 279


def test_all_cases_of_flagd_have_their_result():
    differences, cases = [], 0
    for flags, expected in (("flags", "cases"), ("evaluator_flags", "evaluator_cases")):
        evaluator = flagd_evaluator(json.loads((FLAGD / f"{flags}.json").read_text()))
        for case in json.loads((FLAGD / f"{expected}.json").read_text()):
            cases += 1
            result = evaluator.evaluate(case["flag_key"], case["type"], case["default"], case["context"])
            if any(result[name] != value for name, value in case["expect"].items()):
                differences.append((case["id"], case["scenario"], result))

    assert differences == []
    assert cases == 372
