"""Exact counts by flag, variant and reason, and what a failing hook or context does."""

from __future__ import annotations

import threading

import pytest

from tests.support.flag_documents import flag, rules_of, targeted, where
from tests.support.flag_engine import engine, module


def test_counts_by_variant_and_reason():
    rules = rules_of(targeted(where("country", "in", "DE")), flag("closed", enabled=False))

    for country in ("DE", "FR", "DE"):
        rules.evaluate("screen", None, {"country": country})
    rules.evaluate_all({"country": "DE"})
    rules.evaluate("absent", None, {})
    rules.evaluate("screen", None, None)

    assert rules.drain_counts() == {
        ("screen", "on", "RULE_MATCH"): 3,
        ("screen", "off", "DEFAULT"): 1,
        ("closed", "off", "DISABLED"): 1,
        ("absent", None, "UNKNOWN_FLAG"): 1,
        ("screen", None, "ERROR"): 1,
    }
    assert rules.drain_counts() == {}
    assert rules.last_seen.keys() == {"screen", "closed"}
    assert rules.errors == 1


def test_split_is_counted_by_variant():
    split = {"name": "ab", "when": None, "split": [["on", 50], ["off", 50]], "unit": "user"}
    rules = rules_of(flag(rules=[split]))

    served = [rules.evaluate("screen", None, {"user": str(n)}).variant for n in range(100)]

    counts = rules.drain_counts()
    assert counts == {("screen", variant, "SPLIT"): served.count(variant) for variant in ("on", "off")}


def test_explanations_and_replays_are_not_counted():
    from datetime import UTC, datetime

    rules = rules_of(flag(prerequisites=[{"flag": "base", "variants": ["on"]}]), flag("base"))

    rules.explain("screen", None, {})
    rules.evaluate("screen", None, {}, as_of=datetime(2026, 1, 1, tzinfo=UTC))

    assert rules.drain_counts() == {}


def test_flag_that_is_evaluated_for_another_is_counted_apart():
    rules = rules_of(flag(prerequisites=[{"flag": "base", "variants": ["on"]}]), flag("base"))

    rules.evaluate("screen", None, {})

    assert rules.drain_counts() == {("screen", "on", "DEFAULT"): 1, ("base", "on", "NESTED"): 1}


def test_views_of_tenants_count_together_and_a_new_rule_set_takes_over():
    rules = rules_of(flag())
    rules.for_tenant(engine.TenantLayer("t1")).evaluate("screen", None, {})
    rules.evaluate("screen", None, {})

    swapped = engine.RuleSet([engine.Entry(flag())], tally=rules.tally)
    rules.evaluate("screen", None, {})  # of a request that still has the old one
    swapped.evaluate("screen", None, {})

    assert swapped.drain_counts() == {("screen", "on", "DEFAULT"): 4}


def test_no_count_is_lost_between_threads():
    rules = rules_of(flag(), flag("other", enabled=False))
    drained: list[dict] = []

    def evaluate():
        for _ in range(5_000):
            rules.evaluate("screen", None, {})
            rules.evaluate("other", None, {})

    threads = [threading.Thread(target=evaluate) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        drained.append(rules.drain_counts())
    drained.append(rules.drain_counts())

    total = {key: sum(counts.get(key, 0) for counts in drained) for key in drained[-1] | drained[0]}
    assert sum(sum(counts.values()) for counts in drained) == 40_000
    assert set(total) <= {("screen", "on", "DEFAULT"), ("other", "off", "DISABLED")}


def test_one_evaluation_in_1024_is_timed():
    samples: list[tuple[str, float]] = []
    tally = engine.Tally(on_sample=lambda key, seconds: samples.append((key, seconds)))
    rules = engine.RuleSet([engine.Entry(flag())], tally=tally)

    for _ in range(2 * module("tally").SAMPLE):
        rules.evaluate("screen", None, {})

    assert [key for key, _ in samples] == ["screen", "screen"]
    assert all(seconds >= 0 for _, seconds in samples)
    assert rules.drain_counts() == {("screen", "on", "DEFAULT"): 2 * module("tally").SAMPLE}


def test_failure_is_reported_and_a_failing_hook_is_dropped():
    failures: list[str] = []

    def on_error(key, error):
        failures.append(f"{key}: {type(error).__name__}")
        raise RuntimeError

    rules = engine.RuleSet(
        [engine.Entry(targeted(where("a", "is_set")))], tally=engine.Tally(on_error=on_error)
    )

    assert rules.evaluate("screen", "mine", 7) == ("mine", None, "ERROR", None, 0)
    assert failures == ["screen: AttributeError"]


def test_counts_of_unknown_flags_are_bounded():
    rules = rules_of(flag())

    for number in range(1_500):
        rules.evaluate(f"absent-{number}", None, {})

    counts = rules.drain_counts()
    assert len(counts) == 1_001
    assert sum(counts.values()) == 1_500


@pytest.mark.parametrize("key", [None, 7, ["screen"], {"a": 1}, object()])
def test_key_that_is_no_text_is_an_unknown_flag(key):
    assert rules_of(flag()).evaluate(key, "mine", {})[:3] == ("mine", None, "UNKNOWN_FLAG")
    assert rules_of(flag()).explain(key, "mine", {}).evaluation[:3] == ("mine", None, "UNKNOWN_FLAG")
