"""Counts of what the code base gives up, per area; they may only shrink. `python -m tests.architecture.ratchets`.

words         a private word where the field has a term      `words.toml`: the word, its replacement, its patterns
pronouns      a masculine pronoun for a role                 `words.toml`
titles        a test title that begins without a noun        `words.toml`
papers        a reference to a paper outside the repository  `words.toml`
type_ignores  a type error that is silenced                  `type_ignores.py`
cycles        a module in an import cycle                    `cycles.py`; imports inside functions count

An area is an app with its templates of the same name, a folder of tests, another top-level folder, or `root`.
`../ratchets.json` holds the count of each ratchet and area. `make check` fails when a count differs from it:

* a higher count is a new violation; the output names the file and line of the candidates, latest change first.
* a lower count must be recorded, so that it cannot grow again: `--write`. It lowers counts and never raises one.

An area without an entry may have none, and so may every area of a ratchet without an entry. When an app is split,
`--write --moved apps/old apps/new` carries over what the new area contains, as long as the sum does not grow.

`--list RATCHET [AREA]` prints all violations with their replacement. A wrong find is corrected in `words.toml`, where
each row has examples of what is found and what is not; the tests check them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from . import cycles, papers, pronouns, titles, type_ignores, words
from .sources import Hit, Source

Ratchet = Callable[[Iterable[Source]], Iterator[Hit]]

RATCHETS: Mapping[str, Ratchet] = {
    "words": words.hits,
    "pronouns": pronouns.hits,
    "titles": titles.hits,
    "papers": papers.hits,
    "type_ignores": type_ignores.hits,
    "cycles": cycles.hits,
}
