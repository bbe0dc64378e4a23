"""The history of a set of flags and segments: what was, is and will be served at a moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from .outcomes import Entry
from .reading import Reading, read_flag, read_segment

PREFIX = "FEATURE_FLAG_"
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Known:
    """One revision of a flag or segment, read once."""

    key: str
    entry: Entry
    reading: Reading


@dataclass(frozen=True)
class State:
    """What is served between two moments."""

    flags: Mapping[str, Known]
    segments: Mapping[str, Known]
    environment: Mapping[str, bool]  # by names of `environment_name`
    killed: frozenset[str] = frozenset()  # flags without a document, which callers may still name


def environment_name(key: str) -> str:
    """`sales.new-order-screen` → `SALES_NEW_ORDER_SCREEN`, of the variable FEATURE_FLAG_SALES_NEW_ORDER_SCREEN."""
    return key.upper().replace(".", "_").replace("-", "_").removeprefix(PREFIX)


class History:
    """Entries by key, in the order of the moments from which they are served."""

    def __init__(
        self, flags: Iterable[Entry], segments: Iterable[Entry], environment: Mapping[str, bool]
    ) -> None:
        self._flags = _histories(flags, read_flag)
        self._segments = _histories(segments, read_segment)
        self._environment = {environment_name(name): is_on for name, is_on in environment.items()}
        histories = (*self._flags.values(), *self._segments.values())
        starts = {start_of(known.entry) for history in histories for known in history}
        self.moments = sorted(starts - {_ALWAYS})
        self._now = self.index_at(datetime.now(UTC))
        self.state = lru_cache(maxsize=64)(self._state)

    def index_at(self, moment: datetime) -> int:
        """The number of the state that is served at a moment."""
        return bisect_right(self.moments, moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def _state(self, index: int) -> State:
        moment = self.moments[index - 1] if index else _ALWAYS
        flags = _served(self._flags, moment)
        if index > self._now:  # a revision of the future does not revive what is killed today
            killed = {key for key, known in self.state(self._now).flags.items() if known.entry.killed}
            flags |= {key: _killed(flags[key]) for key in killed & flags.keys()}
        return State(flags, _served(self._segments, moment), self._environment, self._killed_at(moment))

    def _killed_at(self, moment: datetime) -> frozenset[str]:
        """Flags that are removed, or not served yet, and killed."""
        last = {key: _last(history, moment) for key, history in self._flags.items()}
        return frozenset(
            key
            for key, known in last.items()
            if known and known.entry.killed and known.entry.document is None
        )


def _killed(known: Known) -> Known:
    return Known(known.key, replace(known.entry, killed=True), known.reading)


def start_of(entry: Entry) -> datetime:
    """The moment from which an entry is served."""
    moments = [moment for moment in (entry.effective_at, entry.published_at) if moment is not None]
    return (
        max(moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments)
        if moments
        else _ALWAYS
    )


def _histories(entries: Iterable[Entry], read: Any) -> dict[str, list[Known]]:
    histories: dict[str, list[Known]] = {}
    for entry in entries:
        document = entry.document
        key = document.get("key") if isinstance(document, Mapping) else None
        key = key if isinstance(key, str) else entry.key
        reading = Reading() if document is None else read(document)
        histories.setdefault(key, []).append(Known(key, entry, reading))
    for history in histories.values():
        history.sort(key=lambda known: start_of(known.entry))  # those of one moment stay in their order
    return histories


def _served(histories: Mapping[str, list[Known]], moment: datetime) -> dict[str, Known]:
    """The last of each history that has begun, unless it is a removal."""
    served = {}
    for key, history in histories.items():
        known = _last(history, moment)
        if known is not None and known.entry.document is not None:
            served[key] = known
    return served


def _last(history: list[Known], moment: datetime) -> Known | None:
    begun = [known for known in history if start_of(known.entry) <= moment]
    return begun[-1] if begun else None
