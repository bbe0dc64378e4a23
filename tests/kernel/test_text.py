"""The normal form of texts, in Python and in PostgreSQL."""

import random
import unicodedata

import pytest
from django.db import connection

from apps.kernel import text
from apps.kernel.db.text_columns import LINES, OPTIONAL, condition
from apps.kernel.text import CharacterNotAllowed, is_visible, one_line, sanitised, several_lines, storable

PIECES = (
    *"aÉ9é€-字ا",
    "e\u0301",  # decomposed
    "\u1100\u1161",  # a syllable of Hangul, decomposed
    "\u212b",  # the sign of Ångström, which is the letter
    "\u0301",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\x0b",
    "\x85",
    "\u2028",
    "\xa0",
    "\u2000",
    "\u2800",
    "\u3000",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u0645\u200c\u062e",  # a joiner that Persian needs
    "\u0915\u094d\u200d\u0937",  # a joiner that Hindi needs
    "\u00ad",
    "\u034f",
    "\u202e",
    "\u2066",
    "\u3164",
    "\ufe0f",
    "\ufeff",
    "\ufffc",
    "\U0001f469\u200d\U0001f680",
    "\U000e0041",
    "\x01",
    "\x1b",
    "\x7f",
    "\x9f",
    "\ue000",
    "\ufdd0",
    "\U0010ffff",
)

NUMBER_SIGNS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Signs around or below numbers: of the category of formats, but visible."""


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Cafe\u0301", "Café"),
        (" Bank\u200b\xa0", "Bank"),
        ("70 \t\n A", "70 A"),
        ("\ufeffcode\u2800", "code"),
        ("off\u00adice", "office"),
        ("\u202egnp.exe", "gnp.exe"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200cb", "ab"),
        ("\u200b \xa0\u3164", ""),
    ],
)
def test_a_text_of_one_line_has_one_normal_form(written, normal):
    assert one_line(written) == normal
    assert one_line(normal) == normal


def test_a_text_of_several_lines_retains_its_line_breaks_and_spaces():
    assert several_lines("\r\n 1 Main  St. \t\r\n\r\nSpringfield\u2028USA\x0c\n") == (
        "1 Main  St.\n\nSpringfield\nUSA"
    )


@pytest.mark.parametrize(
    ("written", "character"),
    [
        ("a\0", "U+0000"),
        ("\x1b[31m", "U+001B"),
        ("\ud83d", "U+D83D"),
        ("\ue000", "U+E000"),
        ("\u0378", "U+0378"),
    ],
)
def test_a_character_without_a_replacement_is_refused_by_its_name(written, character):
    for form in (one_line, several_lines):
        with pytest.raises(CharacterNotAllowed) as refused:
            form(written, field="memo")

        assert refused.value.context == {"field": "memo", "character": character}
    assert one_line(sanitised(written))


def test_a_secret_is_refused_only_for_what_no_encoder_takes():
    assert storable(" a  pass\tword\u200b") == " a  pass\tword\u200b"
    for written in ("\0", "\udfff"):
        with pytest.raises(CharacterNotAllowed):
            storable(written)


@pytest.mark.parametrize(
    "written", ["", " ", "\u200b", "\u3164", "\u2800", "\u0301", "\ufe0f", "...", "—", "\ufffc"]
)
def test_a_text_without_letters_digits_and_symbols_is_missing(written):
    assert not is_visible(written)


@pytest.mark.parametrize("written", ["x", "٣", "字", "€", "+", "🚀", "1.", "\u200bx"])
def test_a_text_with_a_letter_a_digit_or_a_symbol_is_visible(written):
    assert is_visible(written)


def test_no_character_that_remains_after_normalisation_is_of_a_refused_kind():
    written = (*range(0x32000), *range(0xE0000, 0xE1010), *range(0xF0000, 0xF0010))
    remaining = set(one_line(sanitised("".join(map(chr, written)))))

    kinds = {unicodedata.category(character) for character in remaining}

    assert not kinds & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert {character for character in remaining if unicodedata.category(character) == "Zs"} == {" "}
    assert {character for character in remaining if unicodedata.category(character) == "Cf"} == set(
        NUMBER_SIGNS
    )
    assert "\u0378" not in remaining  # unassigned


def test_python_and_postgresql_have_the_same_normal_form(db):
    written = _odd_texts(4_000)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT written, {condition('written', OPTIONAL)}, {condition('written', LINES)} "
            "FROM unnest(%s::text[]) AS written",
            [written],
        )
        rows = cursor.fetchall()

    assert len(rows) == len(written)
    differing = [
        (ascii(value), line, lines)
        for value, line, lines in rows
        if line != _is_normal(value, one_line) or lines != _is_normal(value, several_lines)
    ]
    assert not differing
    assert 100 < sum(line for _, line, _ in rows) < 3_500


def _odd_texts(count):
    """Texts of a few pieces, their normal forms, and every character of the tables beside a letter."""
    chance = random.Random(7)
    mixed = ["".join(chance.choices(PIECES, k=chance.randint(0, 5))) for _ in range(count)]
    tables = text.INVISIBLE + text.BLANK + text.LINE_BREAK + text.REFUSED + text.JOINER
    edges = {
        code
        for first, last in tables
        for code in (first - 1, first, last, last + 1)
        if 0 < code < 0x110000 and not 0xD800 <= code <= 0xDFFF
    }
    assigned = [chr(code) for code in sorted(edges) if unicodedata.category(chr(code)) != "Cn"]
    return [
        *mixed,
        *(one_line(sanitised(value)) for value in mixed[: count // 4]),
        *(several_lines(sanitised(value)) for value in mixed[: count // 4]),
        *(f"a{character}b" for character in assigned),
    ]


def _is_normal(value, form):
    try:
        return form(value) == value
    except CharacterNotAllowed:
        return False
