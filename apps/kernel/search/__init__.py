"""Search in rows, the same for lists of the consoles, the palette and `?search=` of the API.

Every word of the term must match the row: a number by its beginning ("INV-2026-0000", "inv 1"), an amount in the
notation of amounts, a currency, or a text without regard to case and accents. What related rows contain is matched only
for users with the permission to view those rows, since the number of results would reveal it.

An app declares what is searched in its `search.py`, as `Search`, and the indexes of it in a migration (`text_index`).
"""

from .branches import amounts, beginning_with, numbered, related
from .folding import text_index
from .rows import Branch, May, Numbers, Request, Search
from .words import MAX_TERM_LENGTH, MAX_WORDS, SearchTooLong, words_of

__all__ = [
    "MAX_TERM_LENGTH",
    "MAX_WORDS",
    "Branch",
    "May",
    "Numbers",
    "Request",
    "Search",
    "SearchTooLong",
    "amounts",
    "beginning_with",
    "numbered",
    "related",
    "text_index",
    "words_of",
]
