"""Extension point: the customers that pay. Payments has references such as "order:12"; the app above has customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Payer:
    """A customer: `key` identifies it in the app above ("customer:7"); `name` is for people."""

    key: str = ""
    name: str = ""


Source = Callable[[str], Payer | None]

UNKNOWN = Payer()
_by_reference: list[Source] = []
_by_code: list[Source] = []


def payers(*, of_reference: Source, with_code: Source) -> None:
    """Registers functions that find the payer of a reference, and the one that users call by a code."""
    _by_reference.append(of_reference)
    _by_code.append(with_code)


def payer_of(reference: str) -> Payer:
    """The payer of what the reference names; UNKNOWN if no app knows it."""
    return _first(_by_reference, reference) or UNKNOWN


def payer_with_code(code: str) -> Payer | None:
    return _first(_by_code, code)


def _first(sources: list[Source], key: str) -> Payer | None:
    return next((payer for source in sources if (payer := source(key))), None)
