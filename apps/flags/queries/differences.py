"""Differences of documents by place. A place is a JSON pointer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """The value at a place before and after; None where there is none."""

    place: str
    before: Any
    after: Any


class ThreeWayDifference(NamedTuple):
    """The value at a place in the base, as published meanwhile, and as proposed; None where there is none."""

    place: str
    base: Any
    published: Any
    proposed: Any

    @property
    def is_conflict(self) -> bool:
        """The publication and the proposal changed it differently."""
        return self.base not in (self.published, self.proposed) and self.published != self.proposed


Document = Mapping[str, Any] | None


def differences(before: Document, after: Document) -> Sequence[Difference]:
    old, new = _values(before), _values(after)
    return [
        Difference(place, old.get(place), new.get(place))
        for place in sorted(old.keys() | new.keys())
        if _text(old.get(place)) != _text(new.get(place))
    ]


def three_way(base: Document, published: Document, proposed: Document) -> Sequence[ThreeWayDifference]:
    """The places that differ from the base, as published or as proposed."""
    documents = [_values(document) for document in (base, published, proposed)]
    places = sorted(set().union(*documents))
    rows = [ThreeWayDifference(place, *(values.get(place) for values in documents)) for place in places]
    return [one for one in rows if not _text(one.base) == _text(one.published) == _text(one.proposed)]


def _text(value: Any) -> str:
    """Compares as JSON does: true is not 1."""
    return json.dumps(value, sort_keys=True)


def _values(document: Document) -> dict[str, Any]:
    return {} if document is None else dict(_leaves(document, ""))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            yield from _leaves(inner, f"{place}/{escaped}")
    elif isinstance(value, list | tuple) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{place}/{index}")
    else:
        yield place, value
