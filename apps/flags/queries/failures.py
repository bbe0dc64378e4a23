"""What is served when an evaluation fails. What is closed stays closed: a failure never opens a killed flag."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.flags.engine import Evaluation, RuleSet
from apps.flags.store import providers, served
from apps.flags.store.counts import TALLY

ERROR = "ERROR"
CLOSED = frozenset({"DISABLED_BY_ENVIRONMENT", "KILLED", "DISABLED"})
CLOSED_FOR_TENANT = CLOSED | {"NOT_ENTITLED", "LIMIT_REACHED", "NARROWED_BY_TENANT"}


def after_failure(key: str, default: Any, error: BaseException) -> Evaluation:
    """The evaluation of a flag that is closed, by the rules in memory if others cannot be loaded; else the default
    with the reason ERROR, which is logged and counted."""
    TALLY.failed(key, error)
    view = _last_known()
    evaluation: Evaluation = view.explain(key, default, {}).evaluation
    closed = CLOSED if getattr(view, "layer", None) is None else CLOSED_FOR_TENANT
    return evaluation if evaluation.reason in closed else Evaluation(default, None, ERROR, None, 0)


def _last_known() -> served.View:
    """Also of the database if another source fails, since its kills apply to all sources."""
    try:
        return providers.current().view()
    except Exception:
        return served.SERVED.last() or RuleSet((), environment=settings.FEATURE_FLAGS)
