"""The words of an entered term."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import BadRequest
from apps.kernel.text import one_line

MAX_TERM_LENGTH = 200
MAX_WORDS = 8


class SearchTooLong(BadRequest):
    message = _("Search for at most {words} words, and {characters} characters in all.")


def words_of(term: str) -> list[str]:
    """The different words, in the normal form of stored texts. Empty for blanks only.

    Raises SearchTooLong, CharacterNotAllowed.
    """
    words = [word for word in one_line(term, field=gettext("The search")).split(" ") if word]
    if len(term) > MAX_TERM_LENGTH or len(words) > MAX_WORDS:
        raise SearchTooLong(words=MAX_WORDS, characters=MAX_TERM_LENGTH)
    return list(dict.fromkeys(words))
