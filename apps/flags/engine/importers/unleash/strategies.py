"""Strategies of Unleash → conditions, and the part of the units that is inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...unleash.dialect import BUCKETER
from .conditions import NEVER, Condition, every
from .constraints import Refused, Warn, compilable, condition_of, networks, plain_name, text_of

HOSTNAME = "hostname"
_COUNT = re.compile(r"\+?[0-9]+")


@dataclass(frozen=True)
class Share:
    """The percentage of a gradual rollout. Without a group, the name of the flag is the group."""

    percentage: int
    unit: tuple[str, ...]
    group: str | None

    def fields(self, flag: str) -> dict[str, Any]:
        """As members of a rule or of a condition."""
        return {"percentage": self.percentage, "unit": list(self.unit), "salt": self.group_of(flag)}

    def group_of(self, flag: str) -> str:
        return flag if self.group is None else self.group


@dataclass(frozen=True)
class Strategy:
    """Holds in contexts in which `when` holds, for units inside `share`."""

    name: str
    when: Condition
    share: Share | None
    variants: Sequence[Mapping[str, Any]]
    stickiness: str
    group: str | None

    def condition(self, flag: str) -> Condition:
        """With the share inside. `flag` is the group of a share that names none."""
        if self.share is None:
            return self.when
        return every([self.when, {"share": {**self.share.fields(flag), "bucketer": BUCKETER}}])


def read_strategy(
    document: Mapping[str, Any], segments: Mapping[Any, str | Refused], names: Mapping[str, str], warn: Warn
) -> Strategy:
    """Raises Refused. `segments` are the keys of segments by Unleash's ids."""
    parameters = document.get("parameters", {})
    conditions = [condition_of(constraint, names, warn) for constraint in document.get("constraints", ())]
    for segment in document.get("segments", ()):
        key = segments.get(segment)
        if isinstance(key, Refused):
            raise key
        if key is None:
            raise Refused("unknown_segment", f"there is no segment {segment}: the flag is closed")
        conditions.append({"segment": key})
    strategy = Strategy(
        name=str(document.get("name")),
        when=NEVER,
        share=None,
        variants=document.get("variants", ()),
        stickiness="default" if (stickiness := _text(parameters, "stickiness")) is None else stickiness,
        group=_text(parameters, "groupId"),
    )
    own, share = _own(strategy, parameters, names, warn)
    return replace(strategy, when=every([*own, *conditions]), share=share)


def _own(
    strategy: Strategy, parameters: Mapping[str, Any], names: Mapping[str, str], warn: Warn
) -> tuple[list[Condition], Share | None]:
    """What the kind of strategy demands, besides constraints."""
    match strategy.name:
        case "default":
            return [], None
        case "userWithId":
            ids = _list(parameters, "userIds")
            return _among(names.get("userId", "userId"), [compilable(i) for i in ids]), None
        case "remoteAddress":
            addresses = _list(parameters, "IPs")
            if any('"' in text for text in addresses):
                raise Refused(
                    "bad_value", "Unleash cannot compile an address with a quote: the flag is closed"
                )
            address = names.get("remoteAddress", "remoteAddress")
            return [networks(address, addresses, False, warn) if addresses else NEVER], None
        case "applicationHostname":
            hosts = _list(parameters, "hostNames") or [""]
            return [{"attribute": HOSTNAME, "op": "in", "values": hosts, "ignore_case": True}], None
        case "flexibleRollout":
            units = units_of(strategy.stickiness, names, fallback=False)
            return _rollout(parameters, "rollout", strategy, units, warn)
        case "gradualRolloutUserId" | "gradualRolloutSessionId":
            attribute = "userId" if strategy.name.endswith("UserId") else "sessionId"
            if strategy.group is None:
                warn("missing_field", "Unleash needs a groupId: the strategy never holds")
                return [NEVER], None
            return _rollout(
                parameters, "percentage", strategy, [f"text:{names.get(attribute, attribute)}"], warn
            )
        case "gradualRolloutRandom":
            return _rollout(parameters, "percentage", strategy, ["random"], warn)
    warn(
        "unknown_strategy", f"the strategy {strategy.name!r} is a program of the application, and never holds"
    )
    return [NEVER], None


def _among(attribute: str, values: list[str]) -> list[Condition]:
    return [{"attribute": attribute, "op": "in", "values": values} if values else NEVER]


def units_of(stickiness: str, names: Mapping[str, str], *, fallback: bool) -> list[str]:
    """`fallback`: a context without the attribute is placed at random; otherwise it is outside."""
    if stickiness == "default":
        return [f"text:{names.get(name, name)}" for name in ("userId", "sessionId")] + ["random"]
    if stickiness == "random" and not fallback:
        return ["random"]
    if stickiness == "currentTime":  # which differs in each evaluation
        return ["random"]
    name = plain_name(stickiness)
    return [f"text:{names.get(name, name)}", *(["random"] if fallback else [])]


def _rollout(
    parameters: Mapping[str, Any], name: str, strategy: Strategy, units: list[str], warn: Warn
) -> tuple[list[Condition], Share | None]:
    text = _text(parameters, name) or ""
    if not _COUNT.fullmatch(text):
        warn("bad_percentage", f"{text!r} is no whole percentage: the strategy never holds")
        return [NEVER], None
    percentage = int(text)
    if percentage > 100 and strategy.name == "gradualRolloutRandom":
        percentage = 100
    if percentage > 100:
        raise Refused("percentage_out_of_range", f"{percentage} % is no percentage: the flag is closed")
    if strategy.group is not None and ('"' in strategy.group or strategy.group.endswith("\\")):
        raise Refused(
            "bad_value", f"Unleash cannot compile the groupId {strategy.group!r}: the flag is closed"
        )
    return [], Share(percentage, tuple(units), strategy.group)


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    return text_of(parameters.get(name))


def _list(parameters: Mapping[str, Any], name: str) -> list[str]:
    text = _text(parameters, name)
    return [] if text is None else [part.strip() for part in text.split(",")]
