"""The layers in their order, each with its reason, and the edge cases of values and units."""

from __future__ import annotations

import pytest

from tests.support.flag_documents import flag, rules_of, segment, targeted, where
from tests.support.flag_engine import engine, module

USER = {"user": "42", "company": "c1", "tenant": "t1"}
ALL = frozenset({"*"})
INNER = {"rollout": {"unit": "user", "percentage": 0}}  # a flag that is off in the last layer


def layer(**fields):
    return engine.TenantLayer(**{"tenant": "t1", "entitlements": ALL, **fields})


def served(rules, context=USER, key="screen"):
    evaluation = rules.evaluate(key, "default", context)
    return evaluation.variant, evaluation.reason


def test_flag_without_conditions_serves_its_default_variant():
    assert rules_of(flag()).evaluate("screen", None, {}) == (True, "on", "DEFAULT", None, 7)


def test_unknown_flag_serves_the_callers_default():
    assert rules_of(flag()).evaluate("other", "mine", {}) == ("mine", None, "UNKNOWN_FLAG", None, 0)


def test_flag_without_off_variant_serves_the_callers_default():
    rules = rules_of(flag(enabled=False, off_variant=None))

    assert rules.evaluate("screen", "mine", {}) == ("mine", None, "DISABLED", None, 7)


@pytest.mark.parametrize("name", ["SCREEN", "FEATURE_FLAG_SCREEN", "screen"])
def test_environment_closes_a_flag(name):
    assert served(rules_of(flag(), environment={name: False})) == ("off", "DISABLED_BY_ENVIRONMENT")
    assert served(rules_of(flag(enabled=False), environment={name: True})) == ("off", "DISABLED")


def test_names_in_the_environment():
    assert engine.environment_name("sales.new-order-screen") == "SALES_NEW_ORDER_SCREEN"


def test_killed_flag_is_closed():
    assert served(rules_of(flag(), killed=True)) == ("off", "KILLED")


def test_entitlement_is_a_ceiling():
    rules = rules_of(flag(entitlement="assets"))

    assert served(rules) == ("off", "NOT_ENTITLED")  # without a tenant
    assert served(rules.for_tenant(layer(entitlements=frozenset({"payroll"})))) == ("off", "NOT_ENTITLED")
    assert served(rules.for_tenant(layer(entitlements=frozenset({"assets"})))) == ("on", "DEFAULT")
    assert served(rules.for_tenant(layer())) == ("on", "DEFAULT")


@pytest.mark.parametrize(
    ("limit", "usage", "reason"),
    [(3, 2, "DEFAULT"), (3, 3, "LIMIT_REACHED"), (0, 0, "LIMIT_REACHED"), (-1, 99, "DEFAULT")],
)
def test_limit_of_an_entitlement(limit, usage, reason):
    tenant = layer(limits={"assets": limit}, usage={"assets": usage})

    assert served(rules_of(flag(entitlement="assets")).for_tenant(tenant))[1] == reason


@pytest.mark.parametrize(
    ("override", "context", "result"),
    [
        ({"enabled": False}, USER, ("off", "NARROWED_BY_TENANT")),
        ({"roles": ["clerk"]}, USER, ("off", "NARROWED_BY_TENANT")),
        ({"roles": ("clerk",)}, {**USER, "role": "clerk"}, ("on", "DEFAULT")),
        ({"percentage": 0}, USER, ("off", "NARROWED_BY_TENANT")),
        ({"percentage": 100}, USER, ("on", "DEFAULT")),
        ({"percentage": 100}, {}, ("off", "NARROWED_BY_TENANT")),
        ({}, USER, ("on", "DEFAULT")),
    ],
)
def test_override_of_a_tenant(override, context, result):
    view = rules_of(flag()).for_tenant(layer(overrides={"screen": engine.Override(**override)}))

    assert served(view, context) == result


def test_override_of_one_tenant_does_not_reach_another():
    rules = rules_of(flag(), targeted({"flag": "screen", "variants": ["on"]}, key="child"))
    narrowed = rules.for_tenant(layer(overrides={"screen": engine.Override(enabled=False)}))
    other = rules.for_tenant(layer(tenant="t2"))

    assert [served(view, key="child")[0] for view in (narrowed, other, narrowed, rules)] == [
        "off",
        "on",
        "off",
        "on",
    ]
    assert [served(view)[0] for view in (other, narrowed)] == ["on", "off"]
    assert narrowed.evaluate_all(USER)["child"].variant == "off"
    assert other.evaluate_all(USER)["child"].variant == "on"


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({}, "ROLE_MISSING"),
        ({"role": "clerk"}, "ROLE_MISSING"),
        ({"role": "controller"}, "DEFAULT"),
        ({"roles": ["clerk", "controller"]}, "DEFAULT"),
        ({"roles": frozenset({"controller"})}, "DEFAULT"),
        ({"roles": "controller"}, "DEFAULT"),
        ({"roles": 7}, "ROLE_MISSING"),
    ],
)
def test_roles(context, reason):
    assert served(rules_of(flag(roles=["controller", "auditor"])), context)[1] == reason


def test_prerequisites_nest():
    rules = rules_of(
        flag(prerequisites=[{"flag": "middle", "variants": ["on"]}]),
        flag("middle", prerequisites=[{"flag": "base", "variants": ["on"]}]),
        targeted(where("country", "in", "DE"), key="base"),
    )

    assert served(rules, {"country": "DE"}) == ("on", "DEFAULT")
    assert served(rules, {"country": "FR"}) == ("off", "PREREQUISITE")


@pytest.mark.parametrize(
    ("rule", "base_is_on", "reason"),
    [
        ("requires", True, "DEFAULT"),
        ("requires", False, "PREREQUISITE"),
        ("implies", True, "DEFAULT"),
        ("implies", False, "PREREQUISITE"),
        ("excludes", True, "PREREQUISITE"),
        ("excludes", False, "DEFAULT"),
    ],
)
def test_conflict_rules_close_the_flag_that_names_them(rule, base_is_on, reason):
    rules = rules_of(flag(**{rule: ["base"]}), flag("base", enabled=base_is_on))

    assert served(rules)[1] == reason


def test_first_rule_that_matches_decides():
    rules = rules_of(targeted(where("country", "in", "DE"), where("plan", "in", "team")))

    assert rules.evaluate("screen", None, {"country": "DE", "plan": "team"})[1:4] == (
        "on",
        "RULE_MATCH",
        "r1",
    )
    assert rules.evaluate("screen", None, {"plan": "team"})[1:4] == ("on", "RULE_MATCH", "r2")
    assert rules.evaluate("screen", None, {})[1:4] == ("off", "DEFAULT", None)


@pytest.mark.parametrize(("match", "result"), [("first", ("off", "ROLLOUT")), ("any", ("on", "RULE_MATCH"))])
def test_unit_outside_a_rules_percentage(match, result):
    none = {"name": "none", "when": None, "percentage": 0, "unit": "user", "serve": "on"}
    rules = [none, {**none, "name": "all", "percentage": 100}]

    assert served(rules_of(flag(default_variant="off", rules=rules, dialect={"match": match}))) == result


def test_split_serves_variants_by_weight():
    variants = {"a": "A", "b": "B", "c": "C"}
    split = [["a", 20.0], ["b", 80.0], ["c", 0.0]]
    rule = {"name": "ab", "when": None, "split": split, "unit": "attribute:session"}
    values = {"type": "string", "variants": variants, "off_variant": None, "default_variant": None}
    rules = rules_of(flag(**values, rules=[rule]))

    served_variants = [rules.evaluate("screen", None, {"session": f"s{n}"}) for n in range(1_000)]
    counts = {name: sum(e.variant == name for e in served_variants) for name in variants}

    assert {e.reason for e in served_variants} == {"SPLIT"}
    assert 150 < counts["a"] < 250
    assert counts["c"] == 0
    assert rules.evaluate("screen", "mine", {}) == ("mine", None, "ROLLOUT", "ab", 7)


def test_split_with_weights_of_zero_decides_for_no_unit():
    split = [["on", 0], ["off", 0]]
    rules = rules_of(flag(rules=[{"name": "ab", "when": None, "split": split, "unit": "user"}]))

    assert rules.evaluate("screen", None, USER)[1:4] == ("off", "ROLLOUT", "ab")


@pytest.mark.parametrize("unit", ["user", "company", "tenant", "attribute:session"])
def test_missing_unit_is_outside(unit):
    rules = rules_of(flag(rollout={"unit": unit, "percentage": 100}))

    assert served(rules, {}) == ("off", "ROLLOUT")
    assert served(rules, {unit.removeprefix("attribute:"): ""}) == ("off", "ROLLOUT")
    assert served(rules, {unit.removeprefix("attribute:"): "x"}) == ("on", "ROLLOUT")


def test_units_are_equal_as_text_and_as_numbers():
    rules = rules_of(flag(rollout={"unit": "user", "percentage": 50}))

    for number in range(200):
        assert served(rules, {"user": number}) == served(rules, {"user": str(number)})


@pytest.mark.parametrize("unit", ["ключ", "用户", "😀", "e\u0301", "a" * 5_000])
def test_units_of_any_characters_are_placed(unit):
    rules = rules_of(flag(rollout={"unit": "user", "percentage": 100}))

    assert served(rules, {"user": unit}) == ("on", "ROLLOUT")


def test_canary_group_is_served_before_the_percentage():
    document = flag(rollout={"unit": "user", "percentage": 0, "canary": "testers"})
    rules = rules_of(document, segments=[segment("testers", where("email", "ends_with", "@bursar.example"))])

    assert served(rules, {"user": "1", "email": "a@bursar.example"}) == ("on", "ROLLOUT")
    assert served(rules, {"user": "1", "email": "a@b.example"}) == ("off", "ROLLOUT")


def test_stages_that_have_not_begun_are_zero_percent():
    rules = rules_of(flag(rollout={"unit": "user", "stages": [{"percentage": 100, "dwell_s": 60}]}))

    assert served(rules) == ("off", "ROLLOUT")


LOWER = [
    ("environment", {"environment": {"screen": False}}, {}, {}, "DISABLED_BY_ENVIRONMENT"),
    ("kill", {"killed": True}, {}, {}, "KILLED"),
    ("enabled", {}, {"enabled": False}, {}, "DISABLED"),
    ("entitlement", {}, {"entitlement": "x"}, {"entitlements": frozenset()}, "NOT_ENTITLED"),
    ("limit", {}, {"entitlement": "x"}, {"limits": {"x": 0}}, "LIMIT_REACHED"),
    ("override", {}, {}, {"enabled": False}, "NARROWED_BY_TENANT"),
    ("role", {}, {"roles": ["auditor"]}, {}, "ROLE_MISSING"),
    ("prerequisite", {}, {"prerequisites": [{"flag": "never", "variants": ["on"]}]}, {}, "PREREQUISITE"),
    ("rule", {}, {"rules": [{"name": "r", "when": None, "serve": "off"}]}, {}, "RULE_MATCH"),
    ("percentage", {}, INNER, {}, "ROLLOUT"),
]


@pytest.mark.parametrize("above", range(len(LOWER) - 1))
def test_layer_decides_before_those_below_it(above):
    entry, fields, tenant = {}, {}, {}
    for _, of_entry, of_flag, of_tenant, _ in LOWER[above:]:
        entry |= {k: v for k, v in of_entry.items() if k not in entry}
        fields |= {k: v for k, v in of_flag.items() if k not in fields}
        tenant |= {k: v for k, v in of_tenant.items() if k not in tenant}
    overrides = {} if tenant.pop("enabled", True) else {"screen": engine.Override(enabled=False)}
    rules = rules_of(flag(**fields), flag("never", enabled=False), **entry)

    assert served(rules.for_tenant(layer(**tenant, overrides=overrides))) == ("off", LOWER[above][4])


def test_flag_in_a_cycle_serves_the_callers_default_and_those_outside_are_closed():
    rules = rules_of(
        flag("a", prerequisites=[{"flag": "b", "variants": ["on"]}]),
        flag("b", prerequisites=[{"flag": "a", "variants": ["on"]}]),
        flag("outside", prerequisites=[{"flag": "a", "variants": ["on"]}]),
    )

    assert rules.evaluate("a", "mine", {}) == ("mine", None, "ERROR", None, 7)
    assert rules.evaluate("outside", "mine", {}) == (False, "off", "PREREQUISITE", None, 7)
    assert rules.broken["a"] == "it depends on itself: a → b → a"
    assert rules.errors == 1


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (targeted({"segment": "absent"}), "the segment “absent” is missing"),
        (targeted({"flag": "absent", "variants": ["on"]}), "the flag “absent” is missing"),
        (flag(format=2), "newer than 1"),
        (flag(rollout={"unit": "user", "percentage": 101}), "no percentage"),
    ],
)
def test_document_with_a_problem_is_an_error_and_a_kill_still_closes_it(document, text):
    rules = rules_of(document)

    assert rules.evaluate("screen", "mine", USER) == ("mine", None, "ERROR", None, 7)
    assert text in rules.explain("screen", "mine", USER).layers[0].text
    assert rules_of(document, killed=True).evaluate("screen", False, USER).reason == "KILLED"
    assert rules.evaluate_all(USER)["screen"].reason == "ERROR"


@pytest.mark.parametrize(
    "document", [None, [], "text", {}, {"key": 7}, {"format": 1, "key": "screen", "rules": 3}]
)
def test_rule_set_of_a_broken_document_serves_the_others(document):
    rules = engine.RuleSet([engine.Entry(document, key="screen"), engine.Entry(flag("other"))])

    assert rules.evaluate("other", None, {}).variant == "on"
    assert rules.evaluate("screen", "mine", {}).value == "mine"


def test_values_keep_their_types():
    def value(kind, one):
        document = flag(type=kind, variants={"one": one}, off_variant=None, default_variant="one")
        return rules_of(document).evaluate("screen", None, {})

    assert type(value("float", 1).value) is float
    assert type(value("integer", 1).value) is int
    assert value("integer", True).reason == "ERROR"
    assert value("integer", 1.5).reason == "ERROR"
    assert value("boolean", 1).reason == "ERROR"
    assert value("string", "").value == ""


def test_object_that_a_caller_changes_stays_as_it_is():
    document = flag(type="object", variants={"one": {"list": [1]}}, off_variant=None, default_variant="one")
    rules = rules_of(document)

    rules.evaluate("screen", None, {}).value["list"].append(2)
    rules.evaluate_all({})["screen"].value["list"].append(3)
    document["variants"]["one"]["list"].append(4)

    assert rules.evaluate("screen", None, {}).value == {"list": [1]}


def test_buckets_of_a_bucketer_never_change():
    bucket = engine.BUCKETERS["bursar-1"].bucket

    assert [bucket("salt", f"unit-{n}", 0) for n in range(5)] == [9492, 77996, 61772, 92587, 45978]
    assert module("bucketers").NATIVE == "bursar-1"


@pytest.mark.parametrize(
    "document",
    [
        flag(excludes=["base"]),
        flag(prerequisites=[{"flag": "base", "variants": ["off"]}]),
        targeted({"flag": "base", "variants": ["off"]}),
        targeted({"not": {"flag": "base", "variants": ["on"]}}),
        targeted({"segment": "without-base"}),
        flag(rules=[{"name": "r", "when": {"flag": "base", "variants": ["on"]}, "serve": "off"}]),
    ],
    ids=["excludes", "prerequisite", "condition", "negation", "segment", "rule that closes"],
)
def test_tenant_does_not_open_a_flag_by_switching_another_one_off(document):
    without = segment("without-base", {"not": {"flag": "base", "variants": ["on"]}})
    parent = targeted({"flag": "screen", "variants": ["on"]}, key="parent")
    rules = rules_of(document, parent, flag("base"), segments=[without])
    view = rules.for_tenant(layer(overrides={"base": engine.Override(enabled=False)}))

    assert served(rules.for_tenant(layer()))[0] == "off"
    assert served(view) == ("off", "NARROWED_BY_TENANT")
    assert view.explain("screen", None, USER).deciding == "tenant"
    assert view.evaluate_all(USER)["screen"].variant == "off"
    assert served(view, key="parent")[0] == "off"


def test_percentage_of_a_tenant_for_a_posting_flag_places_companies():
    view = rules_of(flag(posting=True)).for_tenant(
        layer(overrides={"screen": engine.Override(percentage=50)})
    )

    for company in range(20):
        places = {
            view.evaluate("screen", None, {"company": f"c{company}", "user": f"u{n}"}).value
            for n in range(20)
        }
        assert len(places) == 1
    assert view.evaluate("screen", None, {"user": "u1"}).value is False
