"""Test titles that begin without a noun. A title names the thing, the case and the outcome.

A method may begin with a verb, where the name of its class is the thing.
"""

import re
from collections.abc import Iterable, Iterator

from .patterns import data
from .sources import Hit, Source

FUNCTION = re.compile(r"^(?P<indent> *)(?:async )?def test_(?P<title>\w+)")
CLASS = re.compile(r"^class Test(?P<title>[A-Z]\w+)")
FIRST_WORD = re.compile(r"[A-Z]?[a-z]+")


def hits(sources: Iterable[Source]) -> Iterator[Hit]:
    for source in sources:
        if source.is_test and source.is_python:
            for number, line in enumerate(source.lines, start=1):
                if _is_without_noun(line):
                    yield Hit(source.path, number, f"{line.strip(' :')} → {data()['titles']['is_now']}")


def _is_without_noun(line: str) -> bool:
    titles = data()["titles"]
    if function := FUNCTION.match(line):
        first, *rest = function["title"].split("_")
        if first == "one":
            return bool(rest) and rest[0] in titles["after_one"]
        return first in titles["pronouns"] or (not function["indent"] and first in titles["verbs"])
    if name := CLASS.match(line):
        first_word = FIRST_WORD.match(name["title"])
        return bool(first_word) and first_word[0].lower() in titles["pronouns"]
    return False
