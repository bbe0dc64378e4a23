"""What is recorded while an experiment runs: which unit was served which variant, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.flags import queries
from apps.flags.engine import Evaluation
from apps.flags.models import Exposure, Outcome
from apps.kernel.clock import now
from apps.kernel.features import DeclaredFlag
from apps.kernel.tenant import current_schema

EXPOSING = frozenset({"SPLIT", "ROLLOUT", "RULE_MATCH", "DEFAULT"})
"""The reasons of evaluations that the variant decides; a killed or closed flag exposes no unit."""
MAX_KNOWN = 100_000
_known: set[tuple[str, str, int, str]] = set()
"""The exposures that this process has stored, by schema, key, revision and unit: a repetition costs no statement."""


def variant_for(flag: DeclaredFlag[Any], **attributes: Any) -> str | None:
    """The variant for the current tenant and actor, whose exposure is recorded once. None: the caller's default."""
    evaluation = queries.evaluation(flag, **attributes)
    unit = unit_of(flag.key, evaluation, queries.current_context(**attributes))
    if unit and evaluation.variant is not None and evaluation.reason in EXPOSING:
        record_exposure(flag.key, evaluation.revision, unit, evaluation.variant)
    return evaluation.variant


def record_outcome(flag: DeclaredFlag[Any], name: str, value: float = 1.0, **attributes: Any) -> bool:
    """Records what the current unit did, for the variant that it was exposed to last. False if it was not exposed."""
    context = queries.current_context(**attributes)
    units = [f"{unit}:{context[unit]}" for unit in ("user", "company", "tenant") if context.get(unit)]
    exposure = Exposure.objects.filter(key=flag.key, unit__in=units).order_by("-revision", "-pk").first()
    if exposure is None:
        return False
    Outcome.objects.create(exposure=exposure, name=name, value=value, at=now())
    return True


def record_exposure(key: str, revision: int, unit: str, variant: str) -> None:
    """The first variant of a unit stays."""
    known = (current_schema(), key, revision, unit)
    if known in _known:
        return
    exposure = Exposure(key=key, revision=revision, unit=unit, variant=variant, exposed_at=now())
    Exposure.objects.bulk_create([exposure], ignore_conflicts=True)
    transaction.on_commit(lambda: _remember(known))


def unit_of(key: str, evaluation: Evaluation, context: Mapping[str, Any]) -> str:
    """`user:17`: what the deciding rule, or else the rollout, buckets by. Empty if the context lacks it."""
    document = queries.rule_set().document(key) or {}
    rules = [rule for rule in document.get("rules") or () if rule.get("name") == evaluation.rule]
    sources = [*rules, document.get("rollout") or {}]
    unit = next((str(source["unit"]) for source in sources if source.get("unit")), "user")
    return f"{unit}:{context[unit]}" if context.get(unit) not in (None, "") else ""


def _remember(known: tuple[str, str, int, str]) -> None:
    if len(_known) >= MAX_KNOWN:
        _known.clear()
    _known.add(known)
