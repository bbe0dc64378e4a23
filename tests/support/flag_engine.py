"""The engine under test: the app's, or the one that FLAG_ENGINE names, such as the installed wheel."""

from __future__ import annotations

import importlib
import os
from typing import Any

NAME = os.environ.get("FLAG_ENGINE", "apps.flags.engine")
engine: Any = importlib.import_module(NAME)


def module(name: str) -> Any:
    """A module of the engine."""
    return importlib.import_module(f"{NAME}.{name}")
