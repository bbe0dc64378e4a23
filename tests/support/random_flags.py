"""Random native flags and segments, and random contexts of texts, as clients of other systems have."""

from __future__ import annotations

import random
from typing import Any

COUNTRIES, PLANS, VERSIONS = ("DE", "FR", "US"), ("free", "plus", "pro"), ("1.2.3", "1.2.4", "2.0.0")
ORDERS = ("semver_eq", "semver_lt", "semver_gt")
ROLES = ("clerk", "controller")
Document = dict[str, Any]


class Draw:
    """One seed makes the same flags each time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def segments(self) -> dict[str, Document]:
        return {
            key: {"format": 1, "key": key, "when": self.condition(1, segments=False)}
            for key in ("testers", "abroad")
        }

    def flag(self, key: str, *, shares: bool) -> Document:
        is_boolean = self.random.random() < 0.6
        variants = {"on": True, "off": False} if is_boolean else {"a": "A", "b": "B", "c": "C"}
        some = [*variants, None]
        return {
            "format": 1,
            "key": key,
            "type": "boolean" if is_boolean else "string",
            "variants": variants,
            "enabled": self.random.random() < 0.9,
            "off_variant": self.random.choice(some),
            "default_variant": self.random.choice(some),
            "roles": self.random.choice([[], [], ["controller"]]),
            "rules": [self.rule(number, some, shares) for number in range(self.random.randint(0, 3))],
            "rollout": self.rollout() if shares and self.random.random() < 0.5 else None,
            "dialect": {"semver": "strict", "missing": self.random.random() < 0.3},
        }

    def rule(self, number: int, variants: list[Any], shares: bool) -> Document:
        rule: Document = {"name": f"rule {number}", "when": self.condition(2)}
        if shares and self.random.random() < 0.3:
            rule |= {"percentage": self.random.choice([0, 10, 50, 99, 100, 12.5]), "unit": self.unit()}
        return {**rule, "serve": self.random.choice(variants)}

    def rollout(self) -> Document:
        canary = self.random.choice([None, "testers"])
        return {"unit": self.unit(), "percentage": self.random.choice([0, 1, 50, 100]), "canary": canary}

    def unit(self) -> str:
        return self.random.choice(["user", "company", "tenant", "attribute:sessionId"])

    def condition(self, depth: int, *, segments: bool = True) -> Document:
        kind = self.random.random()
        if depth and kind < 0.4:
            parts = [self.condition(depth - 1, segments=segments) for _ in range(self.random.randint(1, 2))]
            return {self.random.choice(["all", "any", "none"]): parts}
        if depth and kind < 0.5:
            return {"not": self.condition(depth - 1, segments=segments)}
        if segments and kind < 0.6:
            return {"segment": self.random.choice(["testers", "abroad"])}
        return {**self.test(), "negate": self.random.random() < 0.3}

    def test(self) -> Document:
        some = self.random.choice
        return some(
            [
                {"attribute": "country", "op": "in", "values": [some(COUNTRIES), some(COUNTRIES)]},
                {
                    "attribute": "plan",
                    "op": some(["equals", "starts_with", "contains"]),
                    "values": [some(PLANS)],
                },
                {
                    "attribute": "plan",
                    "op": "ends_with",
                    "values": ["o", "FREE"],
                    "ignore_case": some([True, False]),
                },
                {
                    "attribute": "age",
                    "op": some(["lt", "lte", "gt", "gte", "eq"]),
                    "values": [some([17, 18, 18.5])],
                },
                {"attribute": "age", "op": "between", "values": [10, 18]},
                {
                    "attribute": "version",
                    "op": some(ORDERS),
                    "values": [some(VERSIONS)],
                },
                {"attribute": "tenant", "op": "in", "values": [some(["7", "8"])]},
                {"attribute": "role", "op": "is_set", "values": []},
                {"attribute": "now", "op": some(["before", "after"]), "values": ["2026-06-01T00:00:00Z"]},
                {"attribute": "user", "op": "matches", "values": ["^1"]},
            ]
        )

    def context(self) -> Document:
        """Without the tenant, which is known to the server."""
        drawn = {
            "user": str(self.random.randint(1, 500)),
            "company": str(self.random.randint(1, 9)),
            "sessionId": str(self.random.randint(1, 500)),
            "country": self.random.choice(COUNTRIES),
            "plan": self.random.choice(PLANS),
            "age": self.random.choice(["17", "18", "18.5", "19", "old"]),
            "version": self.random.choice([*VERSIONS, "none"]),
            "role": self.random.choice(ROLES),
        }
        return {name: value for name, value in drawn.items() if self.random.random() < 0.75}
