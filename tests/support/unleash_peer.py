"""Unleash's own engine."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from yggdrasil_engine.engine import UnleashEngine


class Peer:
    def __init__(self, state: Mapping[str, Any]) -> None:
        self.engine = UnleashEngine()
        with contextlib.suppress(KeyError, TypeError):  # its search for the application's own strategies
            self.engine.take_state(json.dumps(state))

    def is_enabled(self, name: str, context: Mapping[str, Any]) -> bool:
        return bool(self.engine.is_enabled(name, dict(context)).is_enabled)

    def get_variant(self, name: str, context: Mapping[str, Any]) -> dict[str, Any]:
        variant = self.engine.get_variant(name, dict(context)).variant
        result = {
            "name": variant.name,
            "enabled": variant.enabled,
            "feature_enabled": variant.feature_enabled,
        }
        return {**result, "payload": variant.payload} if variant.payload else result
