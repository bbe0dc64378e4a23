"""Declared flags and their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.flags.models import Flag
from apps.kernel.features import DECLARED, DeclaredFlag


def unregistered() -> Sequence[DeclaredFlag[Any]]:
    """The declared flags without a row, by key. On the platform."""
    rows = set(Flag.objects.values_list("key", flat=True))
    return [flag for key, flag in sorted(DECLARED.items()) if key not in rows]
