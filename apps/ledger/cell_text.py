"""The normal form of a cell: composed letters (NFC), no invisible characters, single blanks."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid

REFUSED = ("Cc", "Cs", "Co", "Cn")
INVISIBLE = ("Cf",)


class CharacterNotAllowed(Invalid):
    message = _("{field} contains the character {character}, which no text may contain.")


def one_line(text: str, *, field: str = "text") -> str:
    """Raises CharacterNotAllowed for control characters, lone surrogates and code points without a meaning."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    blank = "".join(
        " " if character.isspace() and character not in "\x1c\x1d\x1e\x1f" else character
        for character in text
    )
    visible = "".join(character for character in blank if unicodedata.category(character) not in INVISIBLE)
    for character in visible:
        if unicodedata.category(character) in REFUSED:
            raise CharacterNotAllowed(field=field, character=f"U+{ord(character):04X}")
    return " ".join(unicodedata.normalize("NFC", visible).split())
