"""The normal form of texts that people write. The database has the same rule (`kernel.db.text_columns`).

* Unicode normalisation form C, so that composed and decomposed letters are equal.
* Characters that cannot be seen are removed: zero-width characters, marks of direction, variation selectors, fillers.
  The joiners U+200C and U+200D stay between letters of Arabic, Indic and related scripts, which need them.
* Every blank is a space. Outer blanks are removed. A text of one line has single spaces only; one of several lines
  retains spaces and line breaks (LF), without blanks before a line break.
* Control characters, lone surrogates, private-use characters and unassigned code points are refused, because no
  replacement would be right. The blocks of pictographs and ideographs pass whole: newer versions of Unicode use them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from .errors import Invalid

Range = tuple[int, int]
"""The first and the last code point."""

INVISIBLE: tuple[Range, ...] = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors
    (0x200B, 0x200B),  # zero-width space
    (0x200E, 0x200F),  # marks of direction
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # Hangul filler
    (0xFFF0, 0xFFFC),  # annotations, object replacement
    (0x13430, 0x13440),  # Egyptian format controls
    (0x16FE4, 0x16FE4),  # Khitan filler
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D159, 0x1D159),  # musical null notehead
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags, variation selectors
)
BLANK: tuple[Range, ...] = (
    (0x0009, 0x0009),
    (0x00A0, 0x00A0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x2800, 0x2800),  # the Braille pattern without dots
    (0x3000, 0x3000),
)
"""All but the space."""
LINE_BREAK: tuple[Range, ...] = ((0x000A, 0x000D), (0x0085, 0x0085), (0x2028, 0x2029))
REFUSED: tuple[Range, ...] = (
    (0x0000, 0x0008),
    (0x000E, 0x001F),
    (0x007F, 0x0084),
    (0x0086, 0x009F),
    (0xD800, 0xDFFF),  # surrogates
    (0xE000, 0xF8FF),  # private use
    (0xFDD0, 0xFDEF),  # noncharacters
    *((plane | 0xFFFE, plane | 0xFFFF) for plane in range(0, 0xF0000, 0x10000)),
    (0xF0000, 0x10FFFF),  # private use
)
JOINER: tuple[Range, ...] = ((0x200C, 0x200D),)
JOINED: tuple[Range, ...] = ((0x0600, 0x0DFF), (0x1780, 0x18AF), (0xA840, 0xA87F))
"""Blocks of the scripts in which a joiner changes the shape of its neighbours."""
ASSIGNED_LATER: tuple[Range, ...] = ((0x20C1, 0x20CF), (0x1F000, 0x1FAFF), (0x20000, 0x3FFFD))

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class CharacterNotAllowed(Invalid):
    message = _(
        "{field} contains the character {character}, which no text may contain: a control character, a lone "
        "surrogate, or a code point without a meaning."
    )


class TextNotNormal(Invalid):
    """Of the database, for texts that were written without their normal form."""

    message = _("The text in {column} is empty, or contains invisible or control characters or outer blanks.")


def _class(*ranges: Iterable[Range]) -> str:
    pairs = (pair for several in ranges for pair in several)
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in pairs)


_REFUSED = re.compile(f"[{_class(REFUSED)}]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ASSIGNED_LATER = re.compile(f"[{_class(ASSIGNED_LATER)}]")
_INVISIBLE = re.compile(f"[{_class(INVISIBLE)}]")
_JOINER = re.compile(
    f"(?<![{_class(JOINED)}])[{_class(JOINER)}]|[{_class(JOINER)}](?![{_class(JOINED)}])",
)
_ONE_LINE = re.compile(f"[ {_class(BLANK, LINE_BREAK)}]+")
_BLANK = re.compile(f"[{_class(BLANK)}]")
_LINE_BREAK = re.compile(f" *(?:\r\n|[{_class(LINE_BREAK)}])")


def one_line(text: str, *, field: str = "text") -> str:
    """The normal form of a text without line breaks; they become spaces. `field` names the text in the refusal.

    Raises CharacterNotAllowed.
    """
    return _ONE_LINE.sub(" ", _characters(text, field)).strip(" ")


def several_lines(text: str, *, field: str = "text") -> str:
    """The normal form of a text with line breaks. Raises CharacterNotAllowed."""
    plain = _BLANK.sub(" ", _characters(text, field))
    return _LINE_BREAK.sub("\n", plain).strip(" \n")


def storable(text: str, *, field: str = "text") -> str:
    """The text as it is. Raises CharacterNotAllowed for NUL and lone surrogates, which no encoder takes."""
    if match := _UNSTORABLE.search(text):
        raise CharacterNotAllowed(field=field, character=_name(match[0]))
    return text


def is_visible(text: str) -> bool:
    """Whether a required text is there: it has a letter, a digit or a symbol that can be seen. Blanks, punctuation and
    combining marks alone are no text."""
    seen = _ONE_LINE.sub("", _INVISIBLE.sub("", text))
    return any(unicodedata.category(character)[0] in "LNS" for character in seen)


def sanitised(text: str) -> str:
    """A text of a machine or of a stranger, such as the message of an error or a header: characters that are refused
    elsewhere are replaced by U+FFFD."""
    text = _REFUSED.sub(REPLACEMENT, text)
    if text.isascii():
        return text
    return "".join(REPLACEMENT if _is_unassigned(character) else character for character in text)


def refused_character(text: str) -> str | None:
    """The first character that no text may contain."""
    if text.isascii() and text.isprintable():
        return None
    if match := _REFUSED.search(text):
        return match[0]
    if text.isascii():
        return None
    return next((character for character in text if _is_unassigned(character)), None)


def _characters(text: str, field: str) -> str:
    """Without invisible characters, in normalisation form C."""
    if text.isascii() and text.isprintable():
        return text
    text = _INVISIBLE.sub("", text)
    if (character := refused_character(text)) is not None:
        raise CharacterNotAllowed(field=field, character=_name(character))
    return unicodedata.normalize("NFC", _JOINER.sub("", text))


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"


def _is_unassigned(character: str) -> bool:
    return unicodedata.category(character) == "Cn" and not _ASSIGNED_LATER.match(character)
