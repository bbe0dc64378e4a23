"""Masculine pronouns for roles: a person is *they*, and a sentence about software has a noun for its subject."""

from collections.abc import Iterable, Iterator

from .patterns import Index, Phrases, data
from .sources import Hit, Source


def hits(sources: Iterable[Source]) -> Iterator[Hit]:
    pronouns = data()["pronouns"]
    index = Index([(None, Phrases(tuple(pronouns["text"])))])
    for source in sources:
        for number, line in enumerate(source.normalised_lines, start=1):
            if any(True for _ in index.matching(line)):
                yield Hit(source.path, number, f"a masculine pronoun → {pronouns['is_now']}")
