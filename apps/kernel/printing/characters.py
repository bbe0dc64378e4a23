"""Which characters documents can print, and with which font.

Latin, Greek, Cyrillic and related scripts are set in DejaVu Sans, which is embedded. Chinese, Japanese and Korean are
set in the standard fonts of PDF readers, since embedding such a font takes 15 MB; these have the characters of the
national character sets. Scripts that need shaping or run from right to left are refused: setting them character by
character would print something else than what was written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid
from apps.kernel.listing import listed

from .coverage import covered

FONTS = Path(__file__).parent / "fonts"
EMBEDDED = ("DejaVuSans", "DejaVuSans-Bold")
"""In the second one, names and totals."""
LINE_BREAKS = "\n\r\t"
JAPANESE, CHINESE, KOREAN = "HeiseiKakuGo-W5", "STSong-Light", "HYGothic-Medium"
_CODECS = {JAPANESE: "cp932", CHINESE: "gbk", KOREAN: "cp949"}
"""The character sets of the standard fonts."""
_EAST = ((0x1100, 0x11FF), (0x2E80, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
_KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))
_SHAPED = ((0x0E00, 0x0EFF), (0x1780, 0x17FF))
"""Thai, Lao and Khmer; the font has a few of their characters."""
_RIGHT_TO_LEFT = ("R", "AL", "AN")
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
MAX_CHARACTERS_LISTED = 5


class TextNotPrintable(Invalid):
    """On a command with text for documents, and on documents of older rows."""

    message = _("{field} has characters that cannot be printed on documents: {characters}.")


class TextRightToLeft(Invalid):
    message = _("{field} has text that runs from right to left, which documents cannot print: {characters}.")


def text_must_be_printable(field: str, text: str) -> None:
    """Raises TextRightToLeft or TextNotPrintable, with the characters and their code points."""
    wrong = unprintable(text)
    if not wrong:
        return
    refusal = (
        TextRightToLeft if any(_is_right_to_left(character) for character in wrong) else TextNotPrintable
    )
    names = [_name(character) for character in wrong]
    raise refusal(field=field, characters=listed(names, MAX_CHARACTERS_LISTED))


def unprintable(text: str) -> list[str]:
    """The characters that no font prints, in the order of their first occurrence. Composed letters are printed, so a
    letter and its accent count as one."""
    has_kana = is_japanese(text)
    return [
        character
        for character in dict.fromkeys(unicodedata.normalize("NFC", text))
        if character not in LINE_BREAKS and font_of(character, has_kana=has_kana) is None
    ]


def is_japanese(text: str) -> bool:
    """Chinese characters beside kana are Japanese ones, which look different."""
    return any(_is_in(_KANA, ord(character)) for character in text)


@cache
def font_of(character: str, *, has_kana: bool) -> str | None:
    """The name of a standard font, "" for the embedded fonts, None if no font has the character."""
    if not _is_in(_EAST, ord(character)):
        return "" if _is_embedded(character) else None
    return next(_standard_fonts(character, has_kana), None)


def _standard_fonts(character: str, has_kana: bool) -> Iterator[str]:
    for font in (JAPANESE, CHINESE, KOREAN) if has_kana else (CHINESE, KOREAN, JAPANESE):
        try:
            character.encode(_CODECS[font])
        except UnicodeEncodeError:
            continue
        yield font


def _is_embedded(character: str) -> bool:
    if _is_right_to_left(character) or _is_in(_SHAPED, ord(character)):
        return False
    is_invisible = unicodedata.category(character) in _INVISIBLE
    return not is_invisible and ord(character) in _embedded_points()


@cache
def _embedded_points() -> frozenset[int]:
    """The characters of all embedded fonts."""
    return frozenset.intersection(*(covered(FONTS / f"{name}.ttf") for name in EMBEDDED))


def _is_right_to_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT


def _is_in(ranges: tuple[tuple[int, int], ...], point: int) -> bool:
    return any(first <= point <= last for first, last in ranges)


def _name(character: str) -> str:
    """ "ก (U+0E01)"; without the character if it is invisible."""
    point = f"U+{ord(character):04X}"
    return f"{character} ({point})" if unicodedata.category(character)[0] in "LNPS" else point
