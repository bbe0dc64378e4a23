"""Problems between a document and the others that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from .definitions import Flag, InSegment, Segment, Serves
from .fields import at
from .nesting import MAX_NESTED
from .reading import Reading, read_flag, read_segment
from .references import References, path, reachable

Documents = Mapping[str, Mapping[str, Any]]
D = TypeVar("D")


class _Readable(Mapping[str, D], Generic[D]):
    """Definitions that are read when they are needed; a document that cannot be read is absent."""

    def __init__(self, documents: Documents, read: Callable[[Any], D | None], own: dict[str, D]) -> None:
        self._documents, self._read = documents, read
        self._definitions: dict[str, D | None] = dict(own)

    def __getitem__(self, key: str) -> D:
        if key not in self._definitions:
            self._definitions[key] = self._read(self._documents[key])
        definition = self._definitions[key]
        if definition is None:
            raise KeyError(key)
        return definition

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)


class Others:
    """References to other documents: they exist, have the variants, and do not lead back."""

    def __init__(self, reading: Reading, key: str, flags: Documents, segments: Documents) -> None:
        self.reading, self.key, self.problems = reading, key, reading.problems
        self.flags, self.segments = flags, segments
        self.named = reading.conditions.references if reading.conditions else []
        own_flag: dict[str, Flag] = {key: reading.draft} if reading.draft else {}
        own_segment: dict[str, Segment] = {key: reading.segment} if reading.segment else {}
        self.references = References(
            _Readable(flags, lambda document: read_flag(document).flag, own_flag),
            _Readable(segments, lambda document: read_segment(document).segment, own_segment),
        )

    def check(self) -> None:
        for reference, place in self.named:
            if isinstance(reference, InSegment):
                self._segment(reference, place)
            else:
                self._serves(reference, place)
        if self.reading.draft is not None:
            self._rivals(self.reading.draft)
            self._nesting()

    def _segment(self, reference: InSegment, place: str) -> None:
        own = self.reading.segment is not None
        if own and self.key in (reference.key, *reachable(reference.key, self.references.inner_segments)):
            self.problems.add("cycle", place, f"the segment {self.key!r} contains itself")
        elif reference.key not in self.segments:
            self.problems.add("unknown_segment", place, f"no segment has the key {reference.key!r}")

    def _serves(self, reference: Serves, place: str) -> None:
        if reference.flag == self.key and self.reading.draft is not None:
            return  # reported as a cycle
        other = self.flags.get(reference.flag)
        if other is None:
            self.problems.add("unknown_flag", at(place, "flag"), f"no flag has the key {reference.flag!r}")
            return
        for index, variant in enumerate(reference.variants):
            if variant not in (other.get("variants") or {}):
                message = f"the flag {reference.flag!r} has no variant {variant!r}"
                self.problems.add("unknown_variant", at(place, "variants", index), message)

    def _rivals(self, flag: Flag) -> None:
        for name, keys in (
            ("requires", flag.requires),
            ("excludes", flag.excludes),
            ("implies", flag.implies),
        ):
            for index, key in enumerate(keys):
                if key not in self.flags and key != self.key:
                    self.problems.add("unknown_flag", at("", name, index), f"no flag has the key {key!r}")
        for key in sorted({*flag.requires, *flag.implies} & set(flag.excludes)):
            self.problems.add("contradiction", "/excludes", f"{key!r} is required and excluded")

    def _nesting(self) -> None:
        nesting = self.references.nesting
        if nesting.cost(self.key) > MAX_NESTED:
            message = f"an evaluation needs more than {MAX_NESTED} evaluations of other flags"
            self.problems.add("too_deep", "/prerequisites", message)
        if self.key in nesting.cyclic:
            cycle = path(self.key, self.references.closure(self.key))
            message = f"the flag depends on itself: {' → '.join(cycle)}"
            self.problems.add("cycle", self._place_of(cycle[1]), message)

    def _place_of(self, key: str) -> str:
        """Where the document names a flag; the whole document if a segment does."""
        for reference, place in self.named:
            if isinstance(reference, Serves) and reference.flag == key:
                return place
        for name in ("requires", "excludes", "implies"):
            if key in getattr(self.reading.draft, name):
                return at("", name, getattr(self.reading.draft, name).index(key))
        return ""
