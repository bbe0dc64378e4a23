"""Comments that silence the type checker. A stub, a protocol or a cast states the type instead."""

import re
from collections.abc import Iterable, Iterator

from .sources import Hit, Source

SILENCED = re.compile(r"#\s*type:\s*ignore[^#]*")


def hits(sources: Iterable[Source]) -> Iterator[Hit]:
    for source in sources:
        if source.is_python and "type:" in source.text:
            for token in source.tokens:
                if token.kind == "comment" and (comment := SILENCED.search(token.text)):
                    yield Hit(source.path, token.line, comment[0].strip())
