"""What an importer makes of a peer's document."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..fields import KEY
from ..outcomes import Entry, Problem


@dataclass(frozen=True)
class Imported:
    """Native documents. `keys` maps the peer's names of flags to native keys; places of problems are in the peer's
    document. A flag with a problem that is no warning is imported closed, or not at all."""

    flags: tuple[Mapping[str, Any], ...]
    segments: tuple[Mapping[str, Any], ...]
    problems: tuple[Problem, ...]
    keys: Mapping[str, str]

    def entries(self) -> tuple[list[Entry], list[Entry]]:
        """The flags and segments of a rule set."""
        return [Entry(flag) for flag in self.flags], [Entry(segment) for segment in self.segments]


def native_keys(names: Iterable[str]) -> dict[str, str]:
    """A native key for each name: the name itself, or what is left of it with a part of its hash."""
    return {name: name if KEY.fullmatch(name) else _shortened(name) for name in names}


def _shortened(name: str) -> str:
    rest = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:80].strip("-")
    return f"{rest or 'flag'}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:12]}"


def unused(name: str, used: Iterable[str]) -> str:
    """The name, with a number if it is used."""
    taken, candidate, number = set(used), name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
