"""Engines of Unleash and flagd evaluate exported flags as the native engine does: random flags, no difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from yggdrasil_engine.engine import UnleashEngine

from apps.flags.engine import Entry, Override, RuleSet, TenantLayer
from apps.flags.engine.exporters import Known, flagd_document, unleash_state
from apps.flags.engine.importers import import_unleash
from apps.flags.importers import unleash_evaluator
from tests.support.random_flags import Draw

TENANT = "7"
FIELDS = {"user": "userId", "sessionId": "sessionId"}
SEEDS = range(30)


def unleash_context(context: Mapping[str, Any]) -> dict[str, Any]:
    """With the fields of Unleash's context, and all else as properties."""
    return {
        **{FIELDS[name]: value for name, value in context.items() if name in FIELDS},
        "currentTime": "2026-12-01T12:00:00Z",
        "properties": {name: value for name, value in context.items() if name not in FIELDS},
    }


def unleash_value(unleash: UnleashEngine, flag: Mapping[str, Any], context: Mapping[str, Any]) -> Any:
    if flag["type"] == "boolean":
        return unleash.check_enabled(flag["key"], unleash_context(context)).is_enabled
    shown = unleash.check_variant(flag["key"], unleash_context(context)).variant
    return shown.payload["value"] if shown.payload else None


def unleash_of(state: Mapping[str, Any]) -> UnleashEngine:
    unleash = UnleashEngine()
    assert unleash.take_state(json.dumps(state)) is None
    return unleash


@pytest.mark.exhaustive("random flags", by=())
@pytest.mark.parametrize("seed", SEEDS)
def test_unleash_evaluates_exported_flags_as_the_engine_does(seed):
    draw = Draw(seed)
    segments = draw.segments()
    flags = [draw.flag(f"flag-{number}", shares=True) for number in range(60)]
    layer = TenantLayer(
        TENANT, overrides={"flag-1": Override(roles=("clerk",)), "flag-2": Override(percentage=30)}
    )
    native = RuleSet(map(Entry, flags), map(Entry, segments.values())).for_tenant(layer)
    known = Known(overrides=layer.overrides, attributes={"tenant": TENANT})

    export = unleash_state(flags, segments, known)
    unleash, exported = unleash_of(export.document), [f for f in flags if f["key"] not in export.left_out]
    imported = unleash_evaluator(export.document)

    assert len(exported) >= 15, export.left_out
    for _ in range(60):
        context = draw.context()
        for flag in exported:
            native_value = native.evaluate(flag["key"], None, {**context, "tenant": TENANT}).value
            peer_value = unleash_value(unleash, flag, context)
            wanted = native_value is True if flag["type"] == "boolean" else native_value
            assert peer_value == wanted, (flag, context, segments)
            if flag["type"] == "boolean":
                assert imported.is_enabled(flag["key"], unleash_context(context)) == wanted, (flag, context)


def test_a_closed_flag_is_exported_as_off_whatever_its_off_variant_is():
    draw = Draw(1)
    document = draw.flag("flag-1", shares=True) | {
        "type": "boolean",
        "variants": {"on": True, "off": False},
        "off_variant": "on",
        "default_variant": "on",
        "rules": [],
        "rollout": None,
        "enabled": True,
        "prerequisites": [],
        "roles": [],
    }
    for known in (Known(closed={"flag-1"}), Known(overrides={"flag-1": Override(enabled=False)})):
        unleash = unleash_of(unleash_state([document], {}, known).document)
        assert unleash_value(unleash, document, {}) is False
    assert unleash_value(unleash_of(unleash_state([document], {}, Known()).document), document, {}) is True


def test_a_share_of_users_is_the_same_1000_times():
    """Half of the users, and every other whole percentage."""
    flags = [
        {"format": 1, "key": f"of-{percentage}", "type": "boolean", "variants": {"on": True, "off": False}}
        | {"enabled": True, "off_variant": "off", "default_variant": "on"}
        | {"rollout": {"unit": "user", "percentage": percentage}}
        for percentage in (1, 33, 50, 99)
    ]
    native, unleash = RuleSet(map(Entry, flags)), unleash_of(unleash_state(flags, {}).document)

    for flag in flags:
        differing = [
            user
            for user in map(str, range(1000))
            if native.evaluate(flag["key"], False, {"user": user}).value
            != unleash_value(unleash, flag, {"user": user})
        ]
        assert differing == [], flag["key"]


def test_a_state_of_unleash_is_the_same_after_import_and_export():
    def feature(key, **strategy):
        strategies = [{"name": "default", "parameters": {}, "constraints": [], **strategy}]
        return {
            "name": key,
            "type": "release",
            "enabled": True,
            "project": "default",
            "strategies": strategies,
        }

    half = {"rollout": "50", "stickiness": "default", "groupId": "half"}
    abroad = {"contextName": "country", "operator": "NOT_IN", "values": ["DE"], "inverted": False}
    adult = {"contextName": "age", "operator": "NUM_GTE", "values": [], "value": "18", "inverted": True}
    state = {
        "version": 2,
        "features": [
            feature("half", name="flexibleRollout", parameters=half),
            feature("by-user", name="flexibleRollout", parameters={**half, "stickiness": "userId"}),
            feature("abroad", constraints=[abroad]),
            feature("minors", constraints=[adult]),
        ],
    }
    imported = import_unleash(state)
    export = unleash_state(imported.flags, {segment["key"]: segment for segment in imported.segments})
    before, after, draw = unleash_of(state), unleash_of(export.document), Draw(1)

    assert export.left_out == {}
    for context in [draw.context() | {"user": str(number)} for number in range(300)]:
        for name in ("half", "by-user", "abroad", "minors"):
            boolean = {"type": "boolean", "key": name}
            assert unleash_value(before, boolean, context) == unleash_value(after, boolean, context), name


@pytest.mark.exhaustive("random flags", by=())
@pytest.mark.parametrize("seed", SEEDS)
def test_flagd_evaluates_exported_flags_as_the_engine_does(seed):
    draw = Draw(seed)
    segments = draw.segments()
    flags = [draw.flag(f"flag-{number}", shares=False) for number in range(60)]
    native = RuleSet(map(Entry, flags), map(Entry, segments.values()))

    export = flagd_document(flags, segments, Known(attributes={"tenant": TENANT}))
    flagd, exported = FlagdCore(), [f for f in flags if f["key"] not in export.left_out]
    flagd.set_flags(json.dumps(export.document))

    assert len(exported) >= 15, export.left_out
    for _ in range(60):
        context = draw.context()
        attributes = {name: value for name, value in context.items() if name != "user"}
        evaluated = EvaluationContext(context.get("user"), attributes)
        for flag in exported:
            native_value = native.evaluate(flag["key"], "none", {**context, "tenant": TENANT}).value
            resolve = flagd.resolve_boolean_value if flag["type"] == "boolean" else flagd.resolve_string_value
            assert resolve(flag["key"], "none", evaluated).value == native_value, (flag, context, segments)
