"""Documents of flags in words: conditions, rules, layers, values and reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

Document = Mapping[str, Any]

LAYERS: Mapping[str, str | Promise] = {
    "global": _("Platform"),
    "tenant": _("Plan and tenant"),
    "role": _("Role"),
    "prerequisites": _("Other flags"),
    "targeting": _("Rules"),
    "percentage": _("Rollout"),
}
REASONS: Mapping[str, str | Promise] = {
    "DISABLED_BY_ENVIRONMENT": _("Switched off by the environment of the processes"),
    "KILLED": _("Killed"),
    "DISABLED": _("Disabled"),
    "NOT_ENTITLED": _("Not in the plan"),
    "LIMIT_REACHED": _("A limit of the plan is reached"),
    "NARROWED_BY_TENANT": _("Narrowed by the tenant"),
    "ROLE_MISSING": _("Only for certain roles"),
    "PREREQUISITE": _("Another flag that it depends on"),
    "RULE_MATCH": _("A rule matches"),
    "SPLIT": _("A rule divides users among variants"),
    "ROLLOUT": _("By the percentage of the rollout"),
    "DEFAULT": _("Every layer is open"),
    "OVERRIDDEN": _("Overridden by a test"),
    "UNKNOWN_FLAG": _("There is no such flag"),
    "ERROR": _("The evaluation failed"),
}
UNITS: Mapping[str, str | Promise] = {
    "user": _("users"),
    "company": _("companies"),
    "tenant": _("tenants"),
}
OPERATORS: Mapping[str, str | Promise] = {
    "in": _("{attribute} is one of {values}"),
    "equals": _("{attribute} is {values}"),
    "eq": _("{attribute} is {values}"),
    "contains": _("{attribute} contains {values}"),
    "starts_with": _("{attribute} starts with {values}"),
    "ends_with": _("{attribute} ends with {values}"),
    "matches": _("{attribute} matches the pattern {values}"),
    "lt": _("{attribute} is less than {values}"),
    "lte": _("{attribute} is at most {values}"),
    "gt": _("{attribute} is more than {values}"),
    "gte": _("{attribute} is at least {values}"),
    "between": _("{attribute} is between {values}"),
    "before": _("{attribute} is before {values}"),
    "after": _("{attribute} is after {values}"),
    "semver_eq": _("the version {attribute} is {values}"),
    "semver_lt": _("the version {attribute} is below {values}"),
    "semver_lte": _("the version {attribute} is at most {values}"),
    "semver_gt": _("the version {attribute} is above {values}"),
    "semver_gte": _("the version {attribute} is at least {values}"),
    "cidr": _("the address {attribute} is in the network {values}"),
    "is_set": _("{attribute} is known"),
    "always": _("always"),
}


def value_text(value: Any) -> str:
    """A value that a flag serves."""
    if value is True:
        return gettext("on")
    if value is False:
        return gettext("off")
    if value is None:
        return gettext("the default of the caller")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def percent_text(percentage: Any) -> str:
    return f"{percentage:g} %" if isinstance(percentage, int | float) else str(percentage)


def unit_text(unit: Any) -> str:
    units = unit if isinstance(unit, list | tuple) else [unit]
    return ", ".join(str(UNITS.get(str(name), name)) for name in units)


def reason_text(reason: str) -> str:
    return str(REASONS.get(reason, reason))


def condition_text(condition: Any) -> str:
    """`country is one of DE, AT, and not (plan is trial)`. A condition of another form is shown as JSON."""
    match condition:
        case None:
            return gettext("always")
        case {"all": [*parts]}:
            return gettext(" and ").join(_nested(part) for part in parts) or gettext("always")
        case {"any": [*parts]}:
            return gettext(" or ").join(_nested(part) for part in parts) or gettext("never")
        case {"none": [*parts]}:
            return gettext("none of: {parts}").format(parts="; ".join(map(condition_text, parts)))
        case {"not": part}:
            return gettext("not ({part})").format(part=condition_text(part))
        case {"segment": str(key)}:
            return gettext("in the segment {key}").format(key=key)
        case {"flag": str(key), "variants": [*variants]}:
            return gettext("the flag {key} serves {variants}").format(key=key, variants=_listed(variants))
        case {"op": str(op)} if op in OPERATORS:
            return _test_text(op, condition)
    return json.dumps(condition, ensure_ascii=False)


def _nested(part: Any) -> str:
    text = condition_text(part)
    return f"({text})" if isinstance(part, Mapping) and part.keys() & {"all", "any"} else text


def _test_text(op: str, condition: Document) -> str:
    values = condition.get("values", [condition["value"]] if "value" in condition else [])
    text = str(OPERATORS[op]).format(
        attribute=condition.get("attribute", ""),
        values=_listed(values if isinstance(values, list) else [values]),
    )
    return gettext("not ({part})").format(part=text) if condition.get("negate") else text


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values)


def rule_texts(document: Document) -> Sequence[tuple[str, str, str]]:
    """Name, condition and outcome of each rule."""
    return [
        (str(rule.get("name", "")), condition_text(rule.get("when")), _outcome_text(rule))
        for rule in document.get("rules") or ()
    ]


def _outcome_text(rule: Document) -> str:
    if "serve" in rule:
        return str(rule["serve"])
    shares = (f"{percent_text(weight)} {variant}" for variant, weight in rule.get("split") or ())
    return gettext("{shares}, by {unit}").format(
        shares=", ".join(shares), unit=unit_text(rule.get("unit", "user"))
    )


def rollout_text(document: Document) -> str:
    rollout = document.get("rollout")
    if not rollout:
        return gettext("Everyone: no percentage limits the flag.")
    unit = unit_text(rollout.get("unit", "user"))
    if "stages" in rollout:
        stages = " → ".join(percent_text(stage.get("percentage")) for stage in rollout["stages"])
        text = gettext("In stages of the {unit}: {stages}.").format(unit=unit, stages=stages)
    else:
        share = percent_text(rollout.get("percentage", 100))
        text = gettext("{share} of the {unit}.").format(share=share, unit=unit)
    if rollout.get("canary"):
        text += " " + gettext("First the segment {key}.").format(key=rollout["canary"])
    return text


def layer_texts(document: Document) -> Iterator[tuple[str, str]]:
    """Name and meaning of each layer below that of the platform, as the document says."""
    roles, entitlement = document.get("roles") or (), document.get("entitlement")
    yield (
        str(LAYERS["tenant"]),
        gettext("Tenants whose plan includes {name}; a tenant can narrow it.").format(name=entitlement)
        if entitlement
        else gettext("Every tenant; a tenant can narrow it."),
    )
    yield (
        str(LAYERS["role"]),
        gettext("Users with one of the roles: {roles}.").format(roles=", ".join(roles))
        if roles
        else gettext("Every role."),
    )
    yield str(LAYERS["prerequisites"]), "; ".join(_related_texts(document)) or gettext("Needs no other flag.")
    rules = rule_texts(document)
    yield (
        str(LAYERS["targeting"]),
        ngettext(
            "{number} rule: where it matches, it decides.",
            "{number} rules, the first that matches decides.",
            len(rules),
        ).format(number=len(rules))
        if rules
        else gettext("No rules."),
    )
    yield str(LAYERS["percentage"]), rollout_text(document)


def _related_texts(document: Document) -> Iterator[str]:
    for one in document.get("prerequisites") or ():
        yield gettext("{key} serves {variants}").format(
            key=one.get("flag"), variants=_listed(one.get("variants") or ())
        )
    texts = {
        "requires": gettext("{key} must be on"),
        "implies": gettext("it implies {key}"),
        "excludes": gettext("{key} must be off"),
    }
    for name, text in texts.items():
        for key in document.get(name) or ():
            yield text.format(key=key)
