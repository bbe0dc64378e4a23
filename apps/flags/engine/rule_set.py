"""A rule set: flags compiled once to functions, which never changes and is swapped whole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from . import explaining
from .compilation import Checked, Compilation
from .emission import Evaluate
from .explaining import Explanation
from .history import History
from .outcomes import ERROR, Entry, Evaluation, TenantLayer
from .tally import Counted, Tally

_MAX_REPLAYED = 16  # states in memory


class View:
    """The flags as the platform or one tenant sees them. Methods never raise."""

    def __init__(
        self, history: History, tally: Tally, epoch: int, layer: TenantLayer | None, of: View | None
    ):
        self.epoch, self.layer = epoch, layer
        self._history, self._tally, self._of = history, tally, of
        self._compiled: dict[int, Compilation] = {}
        self._is_sampled = tally.is_sampled
        self._served: Mapping[str, Evaluate] = {}
        self._use(history.index_at(datetime.now(UTC)))

    def evaluate(
        self, key: str, default: Any, context: Mapping[str, Any], as_of: datetime | None = None
    ) -> Evaluation:
        """The value of a flag, with its reason. `as_of` replays a moment: what was served then, by then's documents.

        `as_of` is passed by name; it is not restricted to that, since the interpreter calls such functions slower.
        """
        is_sampled = self._is_sampled
        try:
            if as_of is None and not is_sampled():
                return self._served[key](context, default)
            return self._evaluate(key, default, context, as_of)
        except Exception as error:
            return self._failed(key, default, error)

    def _evaluate(
        self, key: str, default: Any, context: Mapping[str, Any], as_of: datetime | None
    ) -> Evaluation:
        """The unusual ones: replayed, or timed."""
        if as_of is not None:
            compilation = self._at(self._history.index_at(as_of))
            if not isinstance(key, str) or key not in compilation.checked.state.flags:
                return compilation.unknown(key, default)
            return compilation.replayed[key](_as_of(context, as_of), default)
        began = time.perf_counter()
        evaluation = self._served[key](context, default)
        self._tally.sampled(key, began)
        return evaluation

    def _failed(self, key: object, default: Any, error: Exception) -> Evaluation:
        text = key if isinstance(key, str) else ""
        compilation = self._now()
        if text not in compilation.checked.state.flags:
            self._tally.count_unknown(text)
            return compilation.unknown(key, default)
        self._tally.failed(text, error)
        return Evaluation(default, None, ERROR, None, 0)

    def evaluate_all(self, context: Mapping[str, Any]) -> dict[str, Evaluation]:
        """All flags. The value of one without a variant is None."""
        return self._now().bulk.evaluate(context, self._failed)

    def explain(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: datetime | None = None
    ) -> Explanation:
        """What `evaluate` returns, and why. It is not counted."""
        try:
            compilation = self._now() if as_of is None else self._at(self._history.index_at(as_of))
            if not isinstance(key, str) or key not in compilation.checked.state.flags:
                return explaining.unknown(key, compilation.unknown(key, default))
            context = context if as_of is None else _as_of(context, as_of)
            return compilation.explainers[key].explain(context, default)
        except Exception as error:
            return explaining.failed(default, error)

    @property
    def keys(self) -> frozenset[str]:
        """Of all flags that are served now."""
        return frozenset(self._now().checked.state.flags)

    def document(self, key: str) -> Mapping[str, Any]:
        """The document of a flag that is served now. An unknown key is a KeyError."""
        return self._now().checked.state.flags[key].entry.document or {}

    @property
    def segments(self) -> Mapping[str, Mapping[str, Any]]:
        """The documents of the segments that are served now."""
        served = self._now().checked.state.segments
        return {
            key: known.entry.document for key, known in served.items() if known.entry.document is not None
        }

    @property
    def broken(self) -> dict[str, str]:
        """Flags that cannot be evaluated, with the reason of each."""
        checked = self._now().checked
        return {key: problem for key in checked.state.flags if (problem := checked.broken(key))}

    def _now(self) -> Compilation:
        """The compilation of this moment."""
        moments = self._history.moments
        if self._index < len(moments) and datetime.now(UTC) >= moments[self._index]:
            self._use(self._history.index_at(datetime.now(UTC)))
        return self._at(self._index)

    def _use(self, index: int) -> None:
        """Serves a state. While revisions of the future wait for their moment, each evaluation looks at the clock."""
        self._index = index
        waits = index < len(self._history.moments)
        self._served = _Awaiting(self) if waits else self._at(index).served

    def _at(self, index: int) -> Compilation:
        compilation = self._compiled.get(index)
        if compilation is None:
            if len(self._compiled) > _MAX_REPLAYED:
                self._compiled = {self._index: self._compiled[self._index]}
            compilation = self._compiled[index] = self._compile(index)
        return compilation

    def _compile(self, index: int) -> Compilation:
        if self._of is None:
            return Compilation(Checked(self._history.state(index)), self._tally)
        platform = self._of._at(index)
        return Compilation(platform.checked, self._tally, self.layer, platform)

    def unenforced(self) -> Compilation:
        """The flags of this moment without the conflict rules between them, which conflicts.py proves."""
        return Compilation(self._now().checked, self._tally, self.layer, enforced=False)


class _Awaiting(dict[str, Evaluate]):
    """The functions of the moment at which they are called."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def __missing__(self, key: str) -> Evaluate:
        return self._view._now().served[key]


class RuleSet(View):
    """Flags, segments and the environment of one epoch.

    `tally` counts the evaluations; a rule set that replaces another takes over its tally (`tally=old.tally`).
    """

    def __init__(
        self,
        flags: Iterable[Entry],
        segments: Iterable[Entry] = (),
        environment: Mapping[str, bool] | None = None,
        *,
        epoch: int = 0,
        tally: Tally | None = None,
    ) -> None:
        self.tally = tally or Tally()
        super().__init__(History(flags, segments, environment or {}), self.tally, epoch, None, None)
        compilation = self._now()
        for key in compilation.checked.state.flags:
            _ = compilation.served[key]  # compiled now, not in the first evaluation

    def for_tenant(self, layer: TenantLayer) -> View:
        """The flags under the plan of a tenant, narrowed by its overrides. Compiled at the first use of each flag."""
        return View(self._history, self.tally, self.epoch, layer, self)

    def drain_counts(self) -> dict[Counted, int]:
        """Evaluations by (key, variant, reason) since the last call."""
        return self.tally.drain()

    @property
    def last_seen(self) -> Mapping[str, datetime]:
        """When the counts of a flag last moved, as of the last `drain_counts`."""
        return self.tally.last_seen

    @property
    def errors(self) -> int:
        """Evaluations that failed."""
        return self.tally.errors


def _as_of(context: Mapping[str, Any], as_of: datetime) -> Mapping[str, Any]:
    return context if "now" in context else {**context, "now": as_of}
