"""The seal of a preview: it was computed here, for this content of this change set. Approvers read the effect, so one
that another command or statement has stored in its place is not accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.flags.documents import digest_of
from apps.flags.models import ChangeSet
from apps.kernel.signed import Purpose

SEAL = "seal"
PREVIEW = Purpose("flags.preview", life_s=90 * 24 * 3600)


def sealed(change_set: ChangeSet, preview: Mapping[str, Any]) -> dict[str, Any]:
    return {**preview, SEAL: PREVIEW.sign(**_claims(change_set, preview))}


def is_sealed(change_set: ChangeSet, preview: Mapping[str, Any]) -> bool:
    return PREVIEW.claims_of(str(preview.get(SEAL, ""))) == _claims(change_set, preview)


def _claims(change_set: ChangeSet, preview: Mapping[str, Any]) -> dict[str, Any]:
    effect = {name: value for name, value in preview.items() if name != SEAL}
    return {"change_set": change_set.pk, "content": change_set.digest, "effect": digest_of(effect)}
