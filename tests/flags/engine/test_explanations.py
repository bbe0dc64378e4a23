"""Explanations: each layer, the one that decided, and what was tested."""

from __future__ import annotations

import pytest

from tests.support.flag_documents import flag, rules_of, segment, targeted, where
from tests.support.flag_engine import engine, module


def test_explanation_of_a_rule():
    condition = {"all": [where("country", "in", "DE"), {"segment": "testers"}]}
    testers = segment("testers", where("email", "ends_with", "@bursar.example"))
    rules = rules_of(targeted(condition, roles=["clerk"]), segments=[testers])

    explanation = rules.explain("screen", None, {"country": "DE", "email": "x", "role": "clerk"})

    assert explanation.evaluation == rules.evaluate(
        "screen", None, {"country": "DE", "email": "x", "role": "clerk"}
    )
    assert [layer.name for layer in explanation.layers] == list(engine.LAYERS)
    assert [layer.passed for layer in explanation.layers] == [True] * 6
    assert explanation.layers[2].text == "One of the roles clerk is present."
    targeting = explanation.layers[4]
    assert targeting.text == "No rule matches."
    assert targeting.detail["tests"] == [
        {
            "attribute": "country",
            "op": "in",
            "values": ("DE",),
            "negate": False,
            "value": "DE",
            "holds": True,
        },
        {"segment": "testers", "holds": False},
    ]


def test_layers_below_the_one_that_decided_are_not_reached():
    explanation = rules_of(flag(roles=["auditor"])).explain("screen", None, {})

    assert explanation.deciding == "role"
    assert [layer.passed for layer in explanation.layers] == [True, True, False, None, None, None]
    assert explanation.layers[2].detail["roles"] == ("auditor",)


def test_explanation_of_a_percentage_has_the_bucket():
    rules = rules_of(flag(rollout={"unit": "user", "percentage": 25}))

    detail = rules.explain("screen", None, {"user": "42"}).layers[5].detail

    bucket = engine.BUCKETERS["bursar-1"].bucket("screen", "42", 0)
    share = {"unit": ("user",), "percentage": 25, "value": "42", "bucket": bucket, "holds": bucket < 25_000}
    assert detail["tests"] == [share]


def test_explanation_of_an_unknown_flag_and_of_a_failure():
    rules = rules_of(targeted(where("a", "is_set")))

    assert rules.explain("absent", 3, {}).evaluation == (3, None, "UNKNOWN_FLAG", None, 0)
    assert rules.explain("absent", 3, {}).layers[0].text == "No flag has the key 'absent'."
    assert rules.explain("screen", 3, None).evaluation == (3, None, "ERROR", None, 0)
    assert "AttributeError" in rules.explain("screen", 3, None).layers[0].text


FIELDS = {
    "entitlement": ("_tenant", {"entitlement": "x"}),
    "role": ("_role", {"roles": ["auditor"]}),
    "prerequisite": ("_prerequisites", {"requires": ["closed"]}),
    "rule": ("_targeting", {"rules": [{"name": "r", "when": None, "serve": "off"}]}),
}


@pytest.mark.parametrize("layer", FIELDS)
def test_mutated_layer_breaks_evaluation_and_explanation_alike(monkeypatch, layer):
    """One list of steps is what both functions are written from: a layer that is lost there is lost in both."""
    function, fields = FIELDS[layer]
    documents = flag(**fields), flag("closed", enabled=False)
    intact = rules_of(*documents)
    monkeypatch.setattr(module("waterfall"), function, lambda *_: iter(()))
    mutated = rules_of(*documents)

    for rules, variant in ((intact, "off"), (mutated, "on")):
        evaluation = rules.evaluate("screen", None, {})
        assert evaluation.variant == variant
        assert rules.explain("screen", None, {}).evaluation == evaluation
        assert rules.evaluate_all({})["screen"] == evaluation
