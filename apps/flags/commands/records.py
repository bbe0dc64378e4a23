"""Commands that record facts about change sets: their effect on the population, and what they rolled out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from apps.bus import Command

from .changes import MANAGE


@dataclass(frozen=True, kw_only=True)
class PreviewChangeSet(Command):
    """Compute for whom a draft changes what: its flags are evaluated for every user of every tenant, before and after.
    A new preview makes the approval of an earlier one void."""

    permission = MANAGE
    atomic = False
    audit_message = gettext_noop("computed the effect of {result}")

    change_set_id: int


@dataclass(frozen=True, kw_only=True)
class RecordPreview(Command):
    """Store the computed effect of a draft, with the seal of `PreviewChangeSet`, which computes it."""

    permission = MANAGE
    audit_message = gettext_noop("stored the effect of {result}")

    change_set_id: int
    preview: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RollOutFlag(Command, name="feature_flag.rolled_out"):
    """Record the new rules and rollout of a flag: within the publication of their change set, or (without one) within a
    step of its rollout."""

    permission = MANAGE
    audit_message = gettext_noop("rolled out the flag {key}")

    key: str
    before: dict[str, Any]
    targeting: dict[str, Any]
    change_set_id: int = 0
