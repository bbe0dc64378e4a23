"""Waiting for a condition of a database, by polling."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_INTERVAL_S = 0.1


def wait_until(
    condition: Callable[[], bool], timeout_s: float, *, interval_s: float = POLL_INTERVAL_S
) -> bool:
    """Whether the condition became true in time."""
    ends_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > ends_at:
            return False
        time.sleep(interval_s)
    return True
