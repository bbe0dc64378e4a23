"""Patterns of `words.toml`: phrases that match identifiers as well as prose.

A phrase is words separated by spaces; `order/orders paid` gives alternatives for one word. A line or an identifier is
normalised before it is compared: `OrderIsPaid`, `order_is_paid` and "order is paid" all become "order is paid".
Only whole words match. `unless` holds regular expressions over the normalised line: a phrase inside one is not found.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("words.toml")
HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])")
JOINTS = re.compile(r"[_\- \t]+")
WORD = re.compile(r"[a-z]+")


@cache
def data() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text())


def normalised(text: str) -> str:
    """Line breaks stay."""
    return JOINTS.sub(" ", HUMPS.sub(" ", text)).lower()


@dataclass(frozen=True)
class Phrases:
    """Several phrases, compiled into one expression."""

    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()

    @property
    def first_words(self) -> set[str]:
        return {word for phrase in self.phrases for word in phrase.split(" ")[0].split("/")}

    def match(self, text: str) -> bool:
        """Is one of them in `text`, which is normalised, and no exception covers it?"""
        matches = [match.span() for match in _expression(self.phrases).finditer(text)]
        if not matches or not self.unless:
            return bool(matches)
        excused = [match.span() for exception in self.unless for match in re.finditer(exception, text)]
        return any(
            not any(first <= start and end <= last for first, last in excused) for start, end in matches
        )


@cache
def _expression(phrases: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(
        " ".join(f"(?:{word.replace('/', '|')})" if "/" in word else word for word in phrase.split(" "))
        for phrase in phrases
    )
    return re.compile(rf"(?<![a-z])(?:{alternatives})(?![a-z])")


class Index:
    """Which of many `Phrases` match a text: those alone are tried whose first word is in it."""

    def __init__(self, phrases: Iterable[tuple[Any, Phrases]]) -> None:
        self._by_first_word: dict[str, list[tuple[Any, Phrases]]] = {}
        for key, of_key in phrases:
            for word in of_key.first_words:
                self._by_first_word.setdefault(word, []).append((key, of_key))
        self._first_words = frozenset(self._by_first_word)

    def matching(self, text: str) -> Iterator[Any]:
        """The keys of the phrases that match `text`, which is normalised; each once."""
        words = self._first_words.intersection(WORD.findall(text))
        if not words:
            return iter(())
        candidates = {
            id(phrases): (key, phrases) for word in words for key, phrases in self._by_first_word[word]
        }
        return (key for key, phrases in candidates.values() if phrases.match(text))
