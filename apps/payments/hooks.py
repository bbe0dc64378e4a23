"""Extension point: the customers that pay. Payments has references such as "order:12"; the app above has customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from apps.kernel.search import May, Request


@dataclass(frozen=True)
class Payer:
    """A customer: `key` identifies it in the app above ("customer:7"); `name` is for people."""

    key: str = ""
    name: str = ""


@dataclass(frozen=True)
class Matching:
    """What a searched word matches in the app above: queries of references and of keys of payers."""

    references: QuerySet[Any, Any]
    keys: QuerySet[Any, Any]


Source = Callable[[str], Payer | None]
Finder = Callable[[Request], Matching | None]
Names = Callable[[Sequence[str], May], Mapping[str, str]]

UNKNOWN = Payer()
_by_reference: list[Source] = []
_by_code: list[Source] = []
_by_word: list[Finder] = []
_names: list[Names] = []


def payers(*, of_reference: Source, with_code: Source, matching: Finder, names: Names) -> None:
    """Registers functions that find the payer of a reference, the one that users call by a code, those that a
    searched word matches, and the names of the payers of several references, as far as a user may view them."""
    _by_reference.append(of_reference)
    _by_code.append(with_code)
    _by_word.append(matching)
    _names.append(names)


def payer_of(reference: str) -> Payer:
    """The payer of what the reference names; UNKNOWN if no app knows it."""
    return _first(_by_reference, reference) or UNKNOWN


def payer_with_code(code: str) -> Payer | None:
    return _first(_by_code, code)


def of_matching_payers(request: Request, condition: Callable[[Matching], Q]) -> Q | None:
    """The condition of what the word matches in the apps above; None if the user may view nothing there."""
    conditions = [condition(matching) for find in _by_word if (matching := find(request))]
    return Q(*conditions, _connector=Q.OR) if conditions else None


def names_of_payers(references: Sequence[str], may: May) -> Mapping[str, str]:
    """The names by reference, as far as the user may view them, with one query."""
    return {reference: name for names in _names for reference, name in names(references, may).items()}


def _first(sources: list[Source], key: str) -> Payer | None:
    return next((payer for source in sources if (payer := source(key))), None)
