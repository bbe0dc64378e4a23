"""Hints of one app, collected instead of sent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.kernel.queues import hints
from apps.kernel.queues.hints import Hint


def collect_hints(monkeypatch: pytest.MonkeyPatch, app: str) -> list[Hint]:
    """Hints of other apps are sent."""
    collected: list[Hint] = []
    send = hints.send

    def collect(sending: Sequence[Hint]) -> bool:
        own = [hint for hint in sending if hint.task.startswith(f"{app}.")]
        collected.extend(own)
        return send([hint for hint in sending if hint not in own])

    monkeypatch.setattr(hints, "send", collect)
    return collected
