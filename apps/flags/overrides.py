"""Values of flags inside a block of a test: `apps.flags.testing`. In production there are none."""

from __future__ import annotations

from typing import Any

ACTIVE: dict[str, list[Any]] = {}
"""The values of each overridden flag, innermost last. They apply to all threads of the process."""
