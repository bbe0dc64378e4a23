"""Exact counts of evaluations, and the latency of one in 1,024: collected in memory, exported every few seconds."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping

from apps.flags.engine import Tally
from apps.kernel.observability.metrics import FLAG_EVALUATION_SECONDS, FLAG_EVALUATIONS

log = logging.getLogger("bursar.flags")
Counts = Mapping[tuple[str, str | None, str], int]
"""Numbers of evaluations by key of the flag, variant and reason."""
CONSUMERS: list[Callable[[Counts], None]] = []
"""Functions that receive what was counted since the last export, such as the usage of flags. They run without a
tenant."""
_waiting: dict[Callable[[Counts], None], Counter[tuple[str, str | None, str]]] = {}
_samples: deque[float] = deque(maxlen=100_000)


def _note(_: str, seconds: float) -> None:
    _samples.append(seconds)


def _failed(key: str, error: BaseException | str) -> None:
    exception = error if isinstance(error, BaseException) else None
    log.error("The flag %s could not be evaluated, its default is served: %s", key, error, exc_info=exception)


TALLY = Tally(on_sample=_note, on_error=_failed)
"""Of this process, for all rule sets one after the other."""


def export() -> Counts:
    """Adds to the metrics what was counted since the last call, and hands it to the consumers. What a consumer could
    not store, it receives again with the next counts."""
    while _samples:
        FLAG_EVALUATION_SECONDS.observe(_samples.popleft())
    counts = TALLY.drain()
    for (_, _, reason), number in counts.items():
        FLAG_EVALUATIONS.labels(reason).inc(number)
    for consume in CONSUMERS:
        _hand_over(consume, counts)
    return counts


def _hand_over(consume: Callable[[Counts], None], counts: Counts) -> None:
    due = _waiting.pop(consume, Counter()) + Counter(counts)
    if not due:
        return
    try:
        consume(due)
    except Exception:
        _waiting[consume] = due
        log.exception("Counts of evaluations were not stored; they are handed over again.")
