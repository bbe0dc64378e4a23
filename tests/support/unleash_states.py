"""Random states and contexts of Unleash, from a seed. They hold what an engine may read in its own way: numbers in
texts, versions, time zones, letters outside ASCII, empty and missing members, conditions that nothing can compile."""

from __future__ import annotations

import random
from typing import Any


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ATTRIBUTES = words("""
    userId sessionId environment appName remoteAddress currentTime country version x
""")
TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "b",
    "é",
    "É",
    "ß",
    "ss",
    "İ",
    "日本",
    "a b",
    " a",
    "x@y.z",
    '"',
    "a\\b",
    "null",
    "true",
)
NUMBERS = ("0", "5", "5.0", "5.", "-5", "+5", "05", "1e1", "4.9999", "5.00001", "12", "18446744073709551616")
ODD_NUMBERS = (" 5", ".5", "inf", "-Infinity", "NaN", "1_0", "5a", "٥", "0x5")
VERSIONS = words("""
    1.2.3 1.2.4 2.0.0 1.2.3-alpha 1.2.3-alpha.1 1.2.3-alpha.beta 1.2.3-2 1.2.3+b 10.0.0
""")
ODD_VERSIONS = ("v1.2.3", "1.2", "1", "01.2.3", "1.2.3-01", "1.2.3.4", " 1.2.3", "1.2.3-")
INSTANTS = words("""
    2022-01-29T13:00:00Z 2022-01-29T13:00:00.000Z 2022-01-29T14:00:00+01:00 2022-01-29T13:00:00.001Z
    2022-01-29T08:30:00-04:30 2022-01-30T00:00:00Z 2021-12-31T23:59:59.999Z
""")
ODD_INSTANTS = (
    *words("""
    2022-01-29 2022-01-29T13:00:00 2022-02-30T13:00:00Z 2022-01-29T13:00:00.1234567Z
    2022-01-29T23:59:60Z 2022-01-29t13:00:00z 2022-1-29T13:00:00Z 2022-01-29T14:00:00+0100 now
"""),
    "2022-01-29 13:00:00Z",
)
ADDRESSES = words("""
    10.0.0.1 10.0.0.2 10.1.2.3 192.168.1.5 2001:db8::1 2001:db8:1::1 ::ffff:10.0.0.1
""")
NETWORKS = words("""
    10.0.0.1 10.0.0.0/8 10.0.0.7/24 192.168.0.0/255.255.0.0 2001:db8::/48 ::/0 0.0.0.0/0
""")
ODD_ADDRESSES = (*words("10.0.0 10.0.0.1/33 010.0.0.1 localhost 10.0.0.0/8/8 fe80::1%eth0"), " 10.0.0.1")
PATTERNS = words(r"""
    ^a b$ ^[a-z]+$ ^\d+$ \w+@\w+\.\w \s a|b (a)(b)? [^a] . a.b ^$ (?i)A ^\d{1,2}\.\d [[:alpha:]] \p{L}
    x{2,} ( [ a{2,1} (?=a) (a)\1 \. é [\d.]+$ {
""")
VALUES = (
    *TEXTS,
    *NUMBERS,
    *ODD_NUMBERS,
    *VERSIONS,
    *ODD_VERSIONS,
    *INSTANTS,
    *ODD_INSTANTS,
    *ADDRESSES,
    *ODD_ADDRESSES,
)
TEXT_OPERATORS = ("IN", "NOT_IN", "STR_CONTAINS", "STR_STARTS_WITH", "STR_ENDS_WITH")
NUMBER_OPERATORS = ("NUM_EQ", "NUM_GT", "NUM_GTE", "NUM_LT", "NUM_LTE")
VERSION_OPERATORS = ("SEMVER_EQ", "SEMVER_GT", "SEMVER_GTE", "SEMVER_LT", "SEMVER_LTE")
INSTANT_OPERATORS = ("DATE_AFTER", "DATE_BEFORE")
STICKINESS = (
    "default",
    "userId",
    "sessionId",
    "environment",
    "country",
    "missing",
)  # random ones cannot be compared
UNITS = ("1", "2", "a", "é", "", "user-7", "123456789")


class States:
    """`odd` is the share of values that Unleash reads in a way of its own, or refuses."""

    def __init__(self, seed: int, odd: float = 0.1) -> None:
        self.seed, self.random, self.odd = seed, random.Random(seed), odd

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, usual: Any, unusual: Any = ()) -> Any:
        return self.random.choice(unusual if unusual and self.chance(self.odd) else usual)

    def some(self, make: Any, most: int, least: int = 0) -> list[Any]:
        return [make() for _ in range(self.random.randint(least, most))]

    def constraint(self) -> dict[str, Any]:
        constraint: dict[str, Any] = {"contextName": self.one(ATTRIBUTES)}
        match self.random.choice(("text", "text", "number", "version", "instant", "address", "pattern")):
            case "text":
                constraint["operator"] = self.one(TEXT_OPERATORS)
                least = 0 if constraint["operator"] in ("IN", "NOT_IN") or self.chance(self.odd / 4) else 1
                constraint["values"] = self.some(lambda: self.one(TEXTS + UNITS + NUMBERS, VALUES), 3, least)
            case "number":
                constraint |= {
                    "operator": self.one(NUMBER_OPERATORS),
                    "value": self.one(NUMBERS, ODD_NUMBERS + VERSIONS),
                }
            case "version":
                constraint |= {
                    "operator": self.one(VERSION_OPERATORS),
                    "value": self.one(VERSIONS, ODD_VERSIONS + NUMBERS),
                }
            case "instant":
                value = self.one(INSTANTS, ODD_INSTANTS + NUMBERS)
                constraint |= {"operator": self.one(INSTANT_OPERATORS), "value": value}
            case "address":
                values = self.some(lambda: self.one(NETWORKS, ODD_ADDRESSES), 3, 1)
                constraint |= {"operator": "IN_CIDR", "values": values}
            case "pattern":
                constraint |= {"operator": "REGEX", "value": self.one(PATTERNS)}
        if self.chance(self.odd / 10):
            constraint["operator"] = "NOT_AN_OPERATOR"
        for name in ("inverted", "caseInsensitive"):
            if self.chance(0.5):
                constraint[name] = self.chance(0.5)
        return constraint

    def strategy(self) -> dict[str, Any]:
        parameters: dict[str, str] = {}
        name = self.one(
            (
                "default",
                "default",
                "userWithId",
                "remoteAddress",
                "flexibleRollout",
                "flexibleRollout",
                "flexibleRollout",
            ),
            (
                "gradualRolloutUserId",
                "gradualRolloutSessionId",
                "gradualRolloutRandom",
                "applicationHostname",
                "custom",
            ),
        )
        if name == "userWithId" and not self.chance(self.odd):
            parameters["userIds"] = self.one((", ", ",")).join(self.some(lambda: self.one(UNITS), 4))
        if name == "remoteAddress" and not self.chance(self.odd):
            parameters["IPs"] = self.one((", ", ",")).join(
                self.some(lambda: self.one(NETWORKS, ODD_ADDRESSES), 3)
            )
        if name == "flexibleRollout":
            percentage = str(self.random.randint(0, 100))
            parameters["rollout"] = self.one(
                (percentage, "100", "50"), ("0", "101", "50.5", " 50", "", "+50", "050", "x")
            )
            if self.chance(0.8):
                parameters["stickiness"] = self.one(STICKINESS)
        if name.startswith("gradualRollout"):
            parameters["percentage"] = (
                self.one(("0", "100")) if name.endswith("Random") else str(self.random.randint(0, 100))
            )
        if self.chance(0.7):
            parameters["groupId"] = self.one(("g", "group", "é", ""))
        strategy: dict[str, Any] = {"name": name, "parameters": parameters}
        if self.chance(0.6):
            strategy["constraints"] = self.some(self.constraint, 2)
        if self.chance(0.3):
            strategy["segments"] = self.some(lambda: self.random.randint(1, 4), 2)
        if self.chance(0.4):
            strategy["variants"] = self.variants()
        return strategy

    def variants(self) -> list[dict[str, Any]]:
        variants = []
        for name in self.random.sample(("blue", "red", "grün", "on", "off"), self.random.randint(0, 3)):
            variant: dict[str, Any] = {"name": name, "weight": self.one((1, 10, 33, 50, 0))}
            if self.chance(0.6):
                value = self.one(("1", "v", "", '{"a": 1}'))
                variant["payload"] = {"type": self.one(("string", "number", "json", "csv")), "value": value}
            if self.chance(0.5):
                variant["stickiness"] = self.one(STICKINESS[:-1])
            if self.chance(0.3):
                variant["overrides"] = [
                    {
                        "contextName": self.one(ATTRIBUTES),
                        "values": self.some(lambda: self.one(UNITS + TEXTS), 2),
                    }
                ]
            variants.append(variant)
        if variants and not any(variant["weight"] for variant in variants):
            variants[0]["weight"] = 1  # Unleash's engine fails where all weights are zero
        return variants

    def feature(self, name: str, names: list[str]) -> dict[str, Any]:
        feature: dict[str, Any] = {
            "name": name,
            "enabled": self.chance(0.85),
            "strategies": self.some(self.strategy, 3),
        }
        if self.chance(0.5):
            feature["variants"] = self.variants()
        if self.chance(0.4):
            feature["dependencies"] = self.some(lambda: self.dependency(names), 2)
        return feature

    def dependency(self, names: list[str]) -> dict[str, Any]:
        dependency: dict[str, Any] = {"feature": self.one(names, ("unknown",))}
        if self.chance(0.4):
            dependency["enabled"] = self.chance(0.5)
        if self.chance(0.4):
            dependency["variants"] = self.some(lambda: self.one(("blue", "red", "on", "disabled")), 2)
        return dependency

    def state(self) -> dict[str, Any]:
        names = ["plain", "with.dots", "grün", "a b", "feature-5", "feature-6"]
        features = [self.feature(name, names[:3]) for name in names]
        segments = [{"id": number, "constraints": self.some(self.constraint, 2)} for number in (1, 2, 3)]
        return {"version": 2, "features": [self.with_null(f) for f in features], "segments": segments}

    def with_null(self, feature: dict[str, Any]) -> dict[str, Any]:
        """Members that may be null or missing are so now and then."""
        for document in (feature, *feature["strategies"]):
            for name in ("strategies", "variants", "dependencies", "constraints", "segments", "parameters"):
                if name in document and self.chance(self.odd / 20):
                    document[name] = None
                elif name in document and self.chance(self.odd / 20):
                    del document[name]
        return feature

    def delta(self, state: dict[str, Any]) -> dict[str, Any]:
        """Events that lead to the state."""
        first: dict[str, Any] = {"type": "hydration", "features": [], "segments": []}
        events = [{"type": "feature-updated", "feature": feature} for feature in state["features"]]
        events += [{"type": "segment-updated", "segment": segment} for segment in state["segments"]]
        self.random.shuffle(events)
        if self.chance(0.5):
            first["features"] = [self.feature("plain", ["a b"]), self.feature("removed", ["plain"])]
            first["segments"] = [{"id": 9, "constraints": []}, {"id": 1, "constraints": []}]
            events += [{"type": "feature-removed", "featureName": "removed", "project": "default"}]
            events += [{"type": "segment-removed", "segmentId": 9}]
        return {"events": [{**event, "eventId": number} for number, event in enumerate([first, *events])]}

    def context(self) -> dict[str, Any]:
        context: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        for name, usual in (
            ("userId", UNITS),
            ("sessionId", UNITS),
            ("environment", TEXTS),
            ("appName", TEXTS),
            ("remoteAddress", ADDRESSES),
            ("currentTime", INSTANTS),
            ("country", UNITS + TEXTS),
            ("version", VERSIONS),
            ("x", VALUES),
        ):
            if not self.chance(0.75):
                continue
            value = self.one(usual, (*VALUES, None, 5, 5.5, True))
            is_field = name not in ("country", "version", "x")
            (context if self.chance(0.9 if is_field else 0.1) else properties)[name] = value
        if properties or self.chance(0.5):
            context["properties"] = properties
        return context
