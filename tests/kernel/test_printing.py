"""Characters that documents can print."""

from __future__ import annotations

from dataclasses import fields

import pytest
from reportlab.pdfbase.ttfonts import TTFontFile

from apps.bus.printed_text import printed_fields
from apps.bus.registry import commands
from apps.kernel.printing.characters import (
    EMBEDDED,
    FONTS,
    TextNotPrintable,
    TextRightToLeft,
    text_must_be_printable,
    unprintable,
)
from apps.kernel.printing.coverage import covered

PRINTED = ("name", "address", "sku", "seller")
ON_DOCUMENTS = ("sales", "inventory", "companies")


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_covered_characters_of_a_font_are_those_that_reportlab_prints(name):
    file = FONTS / f"{name}.ttf"
    glyphs = TTFontFile(str(file)).charToGlyph

    assert covered(file) == {point for point, glyph in glyphs.items() if glyph and point <= 0xFFFF}


@pytest.mark.parametrize(
    "text",
    [
        "Žluťoučký kůň ẞ Ø œ € № “”",
        "Zoë",  # decomposed
        "Ελληνική",
        "Общество",
        "Հայերեն ქართული",
        "株式会社トヨタ",
        "한국전력",
        "上海公司 臺灣",
        "two\r\nlines\tand a tab",
    ],
)
def test_text_in_scripts_of_the_fonts_is_printable(text):
    assert unprintable(text) == []


@pytest.mark.parametrize(
    ("text", "refusal", "named"),
    [
        ("Tel Aviv תל אביב", TextRightToLeft, "ת (U+05EA)"),
        ("شركة", TextRightToLeft, "ش (U+0634)"),
        ("देवनागरी", TextNotPrintable, "द (U+0926)"),
        ("ภาษา", TextNotPrintable, "ภ (U+0E20)"),
        ("ລາວ", TextNotPrintable, "ລ (U+0EA5)"),
        ("Party 🎉", TextNotPrintable, "🎉 (U+1F389)"),
        ("A\u200bB", TextNotPrintable, "U+200B"),
        ("A\u202eB", TextNotPrintable, "U+202E"),
        ("A\x0bB", TextNotPrintable, "U+000B"),
    ],
)
def test_other_text_is_refused_with_its_characters(text, refusal, named):
    with pytest.raises(refusal) as caught:
        text_must_be_printable("Name", text)

    assert named in str(caught.value)


def test_every_command_that_writes_names_for_documents_declares_them_as_printed():
    """Of a company, a customer or an item, and of a new tenant, which names its first company."""
    undeclared = [
        f"{command.command_name()}.{field.name}"
        for command in commands()
        for field in fields(command)
        if field.name in PRINTED
        and command.app() in ON_DOCUMENTS
        and command.permission.endswith(("manage_customers", "manage_items", "manage_companies"))
        and field.name not in printed_fields(command)
    ]
    named = {command.command_name() for command in commands() if printed_fields(command)}

    assert undeclared == []
    assert named >= {
        "sales.add_customer",
        "inventory.add_item",
        "companies.found_company",
        "operations.onboard_tenant",
    }
