"""Evaluations in the form of OFREP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.flags.api.protocol_errors import error_code_of, failure
from apps.flags.engine import Evaluation, outcomes
from apps.flags.errors import FlagEvaluationFailed, FlagNotFound, TargetingKeyMissing
from apps.flags.store.served import View
from apps.kernel.errors import Refusal

REASONS: Mapping[str, str] = {
    outcomes.DISABLED_BY_ENVIRONMENT: "DISABLED",
    outcomes.KILLED: "DISABLED",
    outcomes.DISABLED: "DISABLED",
    outcomes.NOT_ENTITLED: "DISABLED",
    outcomes.LIMIT_REACHED: "DISABLED",
    outcomes.NARROWED_BY_TENANT: "DISABLED",
    outcomes.ROLE_MISSING: "TARGETING_MATCH",
    outcomes.PREREQUISITE: "TARGETING_MATCH",
    outcomes.RULE_MATCH: "TARGETING_MATCH",
    outcomes.SPLIT: "SPLIT",
    outcomes.ROLLOUT: "SPLIT",
    outcomes.OVERRIDDEN: "STATIC",
}
"""Clients know these names only; the finer reason is in the metadata."""
STATIC, DYNAMIC = "STATIC", "TARGETING_MATCH"
_DYNAMIC = ("roles", "prerequisites", "requires", "excludes", "implies", "rules", "rollout")
"""The members of a document by which a result depends on the context."""


def one(rules: View, key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Raises FlagNotFound, TargetingKeyMissing, FlagEvaluationFailed."""
    if key not in rules.keys:
        raise FlagNotFound(key=key)
    return _success(key, rules.evaluate(key, None, context), rules.document(key) or {}, context)


def every(rules: View, context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One result for each flag, by key: a flag that fails is in the list as a failure. That a client holds all flags
    does not show that it uses them, so nothing is counted."""
    return [
        _either(key, rules.explain(key, None, context).evaluation, rules.document(key) or {}, context)
        for key in sorted(rules.keys)
    ]


def _either(
    key: str, evaluation: Evaluation, document: Mapping[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        return _success(key, evaluation, document, context)
    except Refusal as refusal:
        return {
            "key": key,
            **failure(error_code_of(refusal.code), str(refusal), refusal.code),
        }


def _success(
    key: str, evaluation: Evaluation, document: Mapping[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    """Without `value` the client serves the default of its code. Clients read `reason` and `variant` of every result,
    and report a flag as changed if anything in it changes: so nothing in it depends on time or revision."""
    if evaluation.reason == outcomes.ERROR:
        raise FlagEvaluationFailed(key=key, why=evaluation.reason)
    if _lacks_user(evaluation, document, context):
        raise TargetingKeyMissing(key=key)
    metadata = {"reason": evaluation.reason} | ({"rule": evaluation.rule} if evaluation.rule else {})
    result = {
        "key": key,
        "reason": REASONS.get(evaluation.reason) or (DYNAMIC if _is_dynamic(document) else STATIC),
        "variant": evaluation.variant or "",
        "metadata": metadata,
    }
    if evaluation.variant is not None or evaluation.value is False:  # closed, without a variant that is false
        result["value"] = _value(evaluation.value, document.get("type", ""))
    return result


def _value(value: Any, value_type: str) -> Any:
    """A number of a flag of type float has a decimal point, also 1.0: clients refuse others."""
    return float(value) if value_type == "float" else value


def _is_dynamic(document: Mapping[str, Any]) -> bool:
    return any(document.get(member) for member in _DYNAMIC)


def _lacks_user(evaluation: Evaluation, document: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """Whether a percentage of users decided without a user."""
    if evaluation.reason != outcomes.ROLLOUT or evaluation.variant != document.get("off_variant"):
        return False
    units = _units(document, evaluation.rule)
    return "user" in units and not any(context.get(unit.removeprefix("attribute:")) for unit in units)


def _units(document: Mapping[str, Any], rule: str | None) -> Sequence[str]:
    """Of the rule that decided, or of the rollout."""
    decided: Mapping[str, Any] = document.get("rollout") or {}
    for number, candidate in enumerate(document.get("rules") or (), 1):
        if rule is not None and candidate.get("name", f"rule-{number}") == rule:
            decided = candidate
    units = decided.get("unit") or ()
    return [units] if isinstance(units, str) else units
