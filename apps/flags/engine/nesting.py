"""How much a flag evaluates for its prerequisites and conditions on other flags, and the cycles among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

MAX_NESTED = 500  # evaluations of other flags within one


class Nesting:
    """Tarjan's strongly connected components, without recursion: a component is complete after all that it leads to.

    `direct` are the flags that a flag names, as often as it does.
    """

    def __init__(self, direct: Callable[[str], Iterable[str]]) -> None:
        self._direct = direct
        self._costs: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._lows: dict[str, int] = {}
        self._open: list[str] = []
        self.cyclic: set[str] = set()

    def cost(self, key: str) -> int:
        """The evaluations that one of this flag makes, with its own. A flag in a cycle makes none of others."""
        if key not in self._costs:
            self._explore(key)
        return self._costs[key]

    def _explore(self, start: str) -> None:
        path = [(start, iter(self._enter(start)))]
        while path:
            key, others = path[-1]
            other = next((other for other in others if other not in self._costs), None)
            if other is None:
                path.pop()
                self._leave(key)
                if path:
                    above = path[-1][0]
                    self._lows[above] = min(self._lows[above], self._lows[key])
            elif other in self._numbers:
                self._lows[key] = min(self._lows[key], self._numbers[other])
            else:
                path.append((other, iter(self._enter(other))))

    def _enter(self, key: str) -> Iterable[str]:
        self._numbers[key] = self._lows[key] = len(self._numbers)
        self._open.append(key)
        return self._direct(key)

    def _leave(self, key: str) -> None:
        """Completes the component that begins with a flag, if one does."""
        if self._lows[key] != self._numbers[key]:
            return
        position = self._open.index(key)
        component, self._open[position:] = self._open[position:], []
        is_cycle = len(component) > 1 or key in self._direct(key)
        if is_cycle:
            self.cyclic.update(component)
        for member in component:
            inner = 0 if is_cycle else sum(self._costs[other] for other in self._direct(member))
            self._costs[member] = min(1 + inner, MAX_NESTED + 1)
