"""Documents of flags and segments → definitions, with all problems of each document by itself.

validation.py adds the problems between documents. A document with a problem that is no warning is not served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .bucketers import BUCKETERS, NATIVE
from .definitions import Choice, Flag, Rollout, Rule, Segment, Serves, Share, Split
from .extensions import CHOICES
from .fields import Fields, Problems, at, is_number
from .reading_conditions import NOTHING, ConditionReader, read_dialect
from .units import is_unit
from .values import TYPES, is_of, value_of

FORMAT = 1
_ABOUT = ("description", "owner", "category", "expires_on", "metadata")  # of exports; not evaluated
_FLAG = (
    *(
        "format",
        "key",
        "type",
        "variants",
        "enabled",
        "off_variant",
        "default_variant",
        "entitlement",
        "roles",
    ),
    *(
        "prerequisites",
        "requires",
        "excludes",
        "implies",
        "rules",
        "rollout",
        "bucketer",
        "salt",
        "posting",
        "dialect",
    ),
    *_ABOUT,
)
_PLACED = ("unit", "salt", "seed", "bucketer")
_RULE = ("name", "when", "serve", "split", "choose", "percentage", *_PLACED)
_ROLLOUT = ("percentage", "stages", "canary", "guards", *_PLACED)


@dataclass
class Reading:
    """A definition (None if it cannot be served) with the problems, and the tests and references with their places.
    `draft` is the flag also if it has problems, with something harmless in the place of each."""

    problems: Problems = field(default_factory=Problems)
    flag: Flag | None = None
    draft: Flag | None = None
    segment: Segment | None = None
    conditions: ConditionReader | None = None


def is_segment(document: Any) -> bool:
    """A segment has a condition and no variants."""
    return isinstance(document, Mapping) and "when" in document and "variants" not in document


def read_segment(document: Any) -> Reading:
    reading = Reading()
    fields = Fields(
        reading.problems, document, "", ("format", "key", "when", "dialect", "description", "metadata")
    )
    _read_format(fields)
    dialect = read_dialect(reading.problems, fields.members.get("dialect"), "/dialect")
    reading.conditions = ConditionReader(reading.problems, dialect)
    segment = Segment(fields.key("key"), reading.conditions.read(fields.members.get("when"), "/when"))
    reading.segment = None if reading.problems.refuse else segment
    return reading


def read_flag(document: Any) -> Reading:
    reading = Reading()
    fields = Fields(reading.problems, document, "", _FLAG)
    if not _read_format(fields):
        return reading
    dialect = read_dialect(reading.problems, fields.members.get("dialect"), "/dialect")
    reading.conditions = ConditionReader(reading.problems, dialect)
    reading.draft = _FlagReader(fields, reading.conditions).read()
    reading.flag = None if reading.problems.refuse else reading.draft
    return reading


def _read_format(fields: Fields) -> bool:
    """False for a document of a newer version, of which nothing else is judged."""
    number = fields.get("format", int, 0, required=True)
    if number > FORMAT:
        fields.add(
            "newer_format", f"format {number} is newer than {FORMAT}, the newest that is understood", "format"
        )
        return False
    if "format" in fields.members and number < 1:
        fields.add("wrong_type", "the oldest format is 1", "format")
    return True


class _FlagReader:
    def __init__(self, fields: Fields, conditions: ConditionReader) -> None:
        self.fields, self.conditions, self.problems = fields, conditions, fields.problems
        self.key = fields.key("key")
        self.bucketer = self._bucketer(fields, NATIVE)
        self.salt = fields.get("salt", str, self.key)
        self.variants = self._variants()

    def read(self) -> Flag:
        fields = self.fields
        return Flag(
            key=self.key,
            type=fields.get("type", str, ""),
            variants=self.variants,
            enabled=fields.get("enabled", bool, False, required=True),
            off_variant=self._variant("off_variant"),
            default_variant=self._variant("default_variant"),
            entitlement=fields.get("entitlement", str),
            roles=fields.texts("roles"),
            prerequisites=self._prerequisites(),
            requires=fields.texts("requires"),
            excludes=fields.texts("excludes"),
            implies=fields.texts("implies"),
            rules=self._rules(),
            rollout=self._rollout(),
            bucketer=self.bucketer,
            salt=self.salt,
            posting=fields.get("posting", bool, False),
            matches_any=self.conditions.dialect.matches_any,
        )

    def _variants(self) -> Mapping[str, Any]:
        kind = self.fields.get("type", str, "", required=True)
        if kind and kind not in TYPES:
            self.fields.add("unknown_type", f"a type is one of {', '.join(TYPES)}", "type")
        variants = self.fields.get("variants", dict, {}, required=True)
        if not variants and "variants" in self.fields.members:
            self.fields.add("no_variants", "a flag has at least one variant", "variants")
        for name, value in variants.items():
            if not isinstance(name, str) or not 0 < len(name) <= 200:
                self.fields.add(
                    "wrong_type", "the name of a variant has 1 to 200 characters", "variants", name
                )
            if kind in TYPES and not is_of(value, kind):
                self.fields.add("wrong_value_type", f"{value!r:.100} is no {kind}", "variants", name)
        return {name: value_of(value, kind) for name, value in variants.items()}

    def _variant(self, name: str) -> str | None:
        return self._known(self.fields.get(name, str), self.fields, name)

    def _known(self, variant: str | None, fields: Fields, *steps: object) -> str | None:
        if variant is not None and variant not in self.variants:
            fields.add("unknown_variant", f"the flag has no variant {variant!r}", *steps)
        return variant

    def _prerequisites(self) -> tuple[Serves, ...]:
        documents = self.fields.get("prerequisites", list, [])
        return tuple(self.conditions.serves(d, at("/prerequisites", i)) for i, d in enumerate(documents))

    def _rules(self) -> tuple[Rule, ...]:
        documents = self.fields.get("rules", list, [])
        rules = tuple(self._rule(document, index) for index, document in enumerate(documents))
        names = [rule.name for rule in rules]
        for index, name in enumerate(names):
            if name in names[:index]:
                self.problems.add(
                    "duplicate_name", at("/rules", index, "name"), f"two rules have the name {name!r}"
                )
        return rules

    def _rule(self, document: Any, index: int) -> Rule:
        fields = Fields(self.problems, document, at("/rules", index), _RULE)
        members, when = fields.members, NOTHING
        if members.get("when") is not None:
            when = self.conditions.read(members["when"], at(fields.place, "when"))
        if sum(name in members for name in ("serve", "split", "choose")) != 1:
            fields.add("missing_field", "a rule has one of serve, split and choose")
        return Rule(
            name=fields.get("name", str, f"rule-{index + 1}"),
            when=when,
            serve=self._known(fields.get("serve", str), fields, "serve"),
            pick=self._split(fields) if "split" in members else self._choice(fields),
            share=self._share(fields) if "percentage" in members else None,
        )

    def _choice(self, fields: Fields) -> Choice | None:
        choose = fields.get("choose", dict)
        if choose is None:
            return None
        kind = next(iter(choose), "")
        if len(choose) != 1 or kind not in CHOICES:
            fields.add("unknown_condition", "a choice has one registered kind", "choose")
            return None
        try:
            return Choice(kind, CHOICES[kind](choose[kind]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            fields.add("bad_value", str(error), "choose", kind)
            return None

    def _split(self, fields: Fields) -> Split:
        parts = fields.get("split", list, [])
        variants, weights = [], []
        for index, part in enumerate(parts):
            if not isinstance(part, (list, tuple)) or len(part) != 2 or not is_number(part[1]) or part[1] < 0:
                fields.add(
                    "wrong_type", "a part is a variant and its weight, which is 0 or more", "split", index
                )
                continue
            variants.append(self._part(part[0], fields, index))
            weights.append(float(part[1]))
        units, salt, bucketer, seed = self._placed(fields)
        total = sum(weights)
        if bucketer == NATIVE and total > 100.0001:
            fields.add("percentages_over_100", f"the parts are {total:g} % together", "split")
        elif bucketer == NATIVE and 0 < total < 99.98:
            fields.add("percentages_under_100", f"the parts are {total:g} % together", "split")
        return Split(tuple(variants), tuple(weights), units, salt, bucketer, seed)

    def _part(self, variant: Any, fields: Fields, index: int) -> str | None:
        if variant is not None and not isinstance(variant, str):
            fields.add("wrong_type", "the name of a variant is needed here", "split", index, 0)
            return None
        return self._known(variant, fields, "split", index, 0)

    def _rollout(self) -> Rollout | None:
        document = self.fields.get("rollout", dict)
        if document is None:
            return None
        fields = Fields(self.problems, document, "/rollout", _ROLLOUT)
        self._stages(fields)
        if "percentage" not in document and "stages" not in document:
            fields.add("missing_field", "a percentage or stages are needed")
        canary = fields.get("canary", str)
        if canary is not None:
            self.conditions.read({"segment": canary}, at("/rollout", "canary"))
        return Rollout(self._share(fields), canary)

    def _stages(self, fields: Fields) -> None:
        previous = 0.0
        for index, document in enumerate(fields.get("stages", list, [])):
            stage = Fields(
                self.problems, document, at("/rollout/stages", index), ("percentage", "dwell_s", "name")
            )
            percentage = stage.percentage("percentage")
            if percentage < previous:
                stage.add(
                    "stages_not_rising", f"{percentage:g} % is less than the stage before", "percentage"
                )
            previous = max(previous, percentage)
            if stage.get("dwell_s", int, 0) < 0:
                stage.add("wrong_type", "a dwell time is 0 s or more", "dwell_s")

    def _share(self, fields: Fields) -> Share:
        """A rollout that has not reached its first stage is at 0 %."""
        percentage = fields.percentage("percentage") if "percentage" in fields.members else 0.0
        return Share(percentage, *self._placed(fields))

    def _placed(self, fields: Fields) -> tuple[tuple[str, ...], str, str, int]:
        seed = fields.get("seed", int, 0)
        if not 0 <= seed < 1 << 32:
            fields.add("wrong_type", "a seed has 32 bits", "seed")
            seed = 0
        salt = fields.get("salt", str, self.salt)
        return self._units(fields), salt, self._bucketer(fields, self.bucketer), seed

    def _units(self, fields: Fields) -> tuple[str, ...]:
        units = fields.members.get("unit")
        names = tuple(units) if isinstance(units, list) else (units,)
        if not names or not all(map(is_unit, names)):
            fields.add("unknown_unit", "a unit is user, company, tenant or attribute:NAME", "unit")
            return ("user",)
        return names

    def _bucketer(self, fields: Fields, default: str) -> str:
        name = str(fields.get("bucketer", str, default))
        if name not in BUCKETERS:
            fields.add("unknown_bucketer", f"a bucketer is one of {', '.join(sorted(BUCKETERS))}", "bucketer")
            return NATIVE
        return name
