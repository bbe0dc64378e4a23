"""References to papers outside the repository. A reason points at something that the reader has."""

import re
from collections.abc import Iterable, Iterator

from .patterns import data
from .sources import Hit, Source


def hits(sources: Iterable[Source]) -> Iterator[Hit]:
    papers = data()["papers"]
    references = [re.compile(pattern) for pattern in papers["patterns"]]
    for source in sources:
        matches = (match for reference in references for match in reference.finditer(source.text))
        for line, text in {
            source.text.count("\n", 0, match.start()) + 1: match[0] for match in matches
        }.items():
            yield Hit(source.path, line, f"{text} → {papers['is_now']}")
