"""Evaluation of flags for the current tenant and actor."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from apps.flags import overrides
from apps.flags.engine import Evaluation, Explanation
from apps.flags.store import providers, served
from apps.identity import queries as identity
from apps.kernel.features import DECLARED, DeclaredFlag

from . import gates
from .contexts import acting_context, current_context
from .failures import after_failure

T = TypeVar("T")
OVERRIDDEN = "OVERRIDDEN"
log = logging.getLogger("bursar.flags")


def is_on(flag: DeclaredFlag[bool] | str, **attributes: Any) -> bool:
    """Whether the flag is on; False for an unknown key."""
    return evaluation(flag, **attributes).value is True


def value(flag: DeclaredFlag[T], **attributes: Any) -> T:
    """The value that the flag serves; its declared default if none can be determined."""
    return cast(T, evaluation(flag, **attributes).value)


def evaluation(flag: DeclaredFlag[Any] | str, **attributes: Any) -> Evaluation:
    """The value with its reason, for the current tenant and actor. `company=…` names the company, for flags whose unit
    it is. It never raises: after a failure a flag that is closed is off, and another one has its default with the
    reason ERROR, which is logged and counted."""
    key, default = _named(flag)
    if overrides.ACTIVE and (override := overrides.ACTIVE.get(key)) is not None:
        return Evaluation(override[-1], None, OVERRIDDEN, None, 0)
    try:
        return _evaluated(rule_set(), key, default, current_context(**attributes))
    except Exception as error:
        return after_failure(key, default, error)


def evaluate_all(**attributes: Any) -> dict[str, Evaluation]:
    """Every flag, for the current tenant and actor."""
    evaluations = rule_set().evaluate_all(current_context(**attributes))
    overridden = {
        key: Evaluation(values[-1], None, OVERRIDDEN, None, 0) for key, values in overrides.ACTIVE.items()
    }
    return {**evaluations, **overridden}


def explain(
    key: str, context: Mapping[str, Any] | None = None, *, as_of: dt.datetime | None = None
) -> Explanation:
    """Every layer of the evaluation, for this context in the current tenant; by default for the current actor. With
    `as_of`, by the revisions, stages, overrides and kills of that instant. The plan, its used limits, the environment
    and a suspension are those of today: they have no history here."""
    known = current_context() if context is None else context
    return rule_set(as_of).explain(key, _named(key)[1], known, as_of=as_of)


def rule_set(as_of: dt.datetime | None = None) -> served.View:
    """The rules of the current tenant, from memory; with `as_of` those of a past instant, from the database."""
    if as_of is None:
        return providers.current().view()
    return served.past(as_of)


def is_open(name: str, *, actor: Any = None, **attributes: Any) -> bool:
    """Whether a gate of that name lets the current tenant and the actor pass. A name without a flag is open unless
    or a kill closes it. Without a user, a flag that users decide is open (gates.py). It never raises: after a failure
    a gate that is closed stays closed, else its declared default decides, else it is open."""
    default = DECLARED[name].default if name in DECLARED else True
    if (override := overrides.ACTIVE.get(name)) is not None:
        return override[-1] is True
    try:
        view = rule_set()
        if name not in view.keys:
            return view.explain(name, True, {}).evaluation.value is True  # not counted: it may be no flag
        acts = actor is not None
        context = acting_context(actor, **attributes) if acts else current_context(**attributes)
        evaluation = _evaluated(view, name, default, context)
        return evaluation.value is True or gates.passes_without_person(view, name, evaluation, context)
    except Exception as error:
        return after_failure(name, default, error).value is True


def _evaluated(view: served.View, key: str, default: Any, context: dict[str, Any]) -> Evaluation:
    if context.get("system"):  # the platform itself is in every role
        context["roles"] = tuple(identity.standard_roles())
    return view.evaluate(key, default, context)


def _named(flag: DeclaredFlag[Any] | str) -> tuple[str, Any]:
    if isinstance(flag, DeclaredFlag):
        return flag.key, flag.default
    declared = DECLARED.get(flag)
    return flag, declared.default if declared else None
