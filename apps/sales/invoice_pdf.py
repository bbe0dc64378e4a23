"""Renders an invoice as PDF, deterministically: the same invoice gives the same bytes.

Everything flows over pages: a row of a table is never taller than a page. `apps.kernel.printing.characters` chooses the
fonts. Text that no font prints is refused when it is written, and here for older rows, instead of being left out.
"""

from __future__ import annotations

import io
import textwrap
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby, zip_longest
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from apps.kernel.errors import together
from apps.kernel.printing.characters import (
    CHINESE,
    EMBEDDED,
    FONTS,
    JAPANESE,
    KOREAN,
    font_of,
    is_japanese,
    text_must_be_printable,
)

from .models import Invoice

INK, QUIET, LINE = HexColor("#1f2937"), HexColor("#6b7280"), HexColor("#d1d5db")
MARGIN = 20 * mm
MAX_CHARACTERS_IN_ROW = 500
"""A longer line of an address continues in the next row, so that a row fits on a page."""


def rendered(invoice: Invoice) -> bytes:
    """The bytes of the PDF. Raises TextNotPrintable or TextRightToLeft."""
    _must_be_printable(invoice)
    _register_fonts()
    document = io.BytesIO()
    SimpleDocTemplate(
        document,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"Invoice {invoice}",
        author=invoice.seller,
        subject=f"Invoice {invoice} of {invoice.issued_on:%d %B %Y} for order {invoice.order}",
        creator="Bursar",
        lang="en",
        displayDocTitle=True,
        invariant=1,
    ).build([*_head(invoice), *_lines(invoice), *_foot(invoice)], canvasmaker=_numbered(f"{invoice}"))
    return document.getvalue()


def _head(invoice: Invoice) -> Iterator[Flowable]:
    """Seller and title; below them the customer, and number, date, order and currency."""
    address = [invoice.customer_name, *_rows(invoice.customer_address)]
    facts = (
        ("Invoice number", str(invoice)),
        ("Date", f"{invoice.issued_on:%d %B %Y}"),
        ("Order", f"{invoice.order} of {invoice.order.placed_at:%d %B %Y}"),
        ("Currency", invoice.currency),
    )
    yield _table([[_text(invoice.seller, "name"), _text("Invoice", "title")]], (110 * mm, 60 * mm))
    yield Spacer(1, 14 * mm)
    billed = [
        _text("Billed to", "label"),
        *(_text(line, "strong" if not n else "plain") for n, line in enumerate(address)),
    ]
    details = [(_text(name, "label"), _text(value, "plain")) for name, value in facts]
    rows = [[line or "", *(fact or ("", ""))] for line, fact in zip_longest(billed, details)]
    yield _table(rows, (90 * mm, 30 * mm, 50 * mm))
    yield Spacer(1, 12 * mm)


def _rows(text: str) -> Iterator[str]:
    """The lines of the text, of which an overlong one is continued in further rows."""
    for line in text.splitlines():
        yield from textwrap.wrap(line, MAX_CHARACTERS_IN_ROW) or [""]


def _lines(invoice: Invoice) -> Iterator[Flowable]:
    """One row per line; the heading is repeated on each page."""
    head = [_text(title, style) for title, style in (("Item", "label"), ("Description", "label"))]
    head += [_text(title, "label right") for title in ("Quantity", "Price", "Amount")]
    rows = [
        [
            _text(line.item.sku, "plain"),
            _text(line.name, "plain"),
            _text(f"{line.quantity:,}", "right"),
            _text(f"{line.price.amount:,}", "right"),
            _text(f"{line.total.amount:,}", "right"),
        ]
        for line in invoice.order.lines.select_related("item", "order")
    ]
    lines = Table([head, *rows], (28 * mm, 48 * mm, 25 * mm, 31 * mm, 38 * mm), repeatRows=1, splitByRow=1)
    lines.setStyle(
        TableStyle(
            [
                *_FLUSH,
                ("LINEBELOW", (0, 0), (-1, 0), mm / 4, INK),
                ("LINEBELOW", (0, 1), (-1, -1), mm / 8, LINE),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ]
        )
    )
    yield lines


def _foot(invoice: Invoice) -> Iterator[Flowable]:
    yield Spacer(1, 4 * mm)
    total = _table([[_text("Total", "strong"), _text(str(invoice.total), "total")]], (114 * mm, 56 * mm))
    yield total
    yield Spacer(1, 10 * mm)
    yield _table([[_text("Paid in full. Thank you for your order.", "quiet")]], (170 * mm,))


# Text


def _must_be_printable(invoice: Invoice) -> None:
    """Every text that was written by users."""
    with together() as validation:
        for field, text in (
            ("The name of the company", invoice.seller),
            ("The name of the customer", invoice.customer_name),
            ("The address of the customer", invoice.customer_address),
            *(
                (f"Line {line.line_no}", f"{line.item.sku} {line.name}")
                for line in invoice.order.lines.select_related("item")
            ),
        ):
            validation.check(text_must_be_printable, field, text)


def _text(text: str, style: str) -> Paragraph:
    return Paragraph("".join(_marked(text)), _styles()[style])


def _marked(text: str) -> Iterator[str]:
    """Escaped markup, in which each run of characters has a font that covers it."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    has_kana = is_japanese(plain)
    for name, characters in groupby(plain, lambda character: font_of(character, has_kana=has_kana)):
        stretch = escape("".join(characters)).replace("\n", "<br/>")
        yield f'<font name="{name}">{stretch}</font>' if name else stretch


@cache
def _styles() -> dict[str, ParagraphStyle]:
    def style(
        name: str, size: int, colour: Color = INK, *, bold: bool = False, right: bool = False
    ) -> ParagraphStyle:
        return ParagraphStyle(
            name,
            fontName="DejaVuSans-Bold" if bold else "DejaVuSans",
            fontSize=size,
            leading=size * 14 // 10,
            textColor=colour,
            alignment=TA_RIGHT if right else 0,
            splitLongWords=1,
        )

    styles = (
        style("name", 14, bold=True),
        style("title", 20, bold=True, right=True),
        style("label", 8, QUIET),
        style("label right", 8, QUIET, right=True),
        style("plain", 9),
        style("strong", 9, bold=True),
        style("right", 9, right=True),
        style("total", 12, bold=True, right=True),
        style("quiet", 8, QUIET),
    )
    return {style.name: style for style in styles}


@cache
def _register_fonts() -> None:
    for name in EMBEDDED:
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))
    for name in (JAPANESE, CHINESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


# Pages

_FLUSH = (
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
)

_TIGHT = (("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 4))


def _table(rows: list[list[Any]], widths: tuple[Any, ...]) -> Table:
    return Table(rows, widths, style=TableStyle([*_FLUSH, *_TIGHT]))


def _numbered(name: str) -> type[Canvas]:
    """A canvas that prints "Page 1 of 3" below each page, once the number of pages is known."""

    class Numbered(Canvas):  # type: ignore[misc]  # the package has no types
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self.pages, start=1):
                self.__dict__.update(page)
                self.setFont("DejaVuSans", 8)
                self.setFillColor(QUIET)
                self.drawString(MARGIN, 12 * mm, name)
                self.drawRightString(A4[0] - MARGIN, 12 * mm, f"Page {number} of {len(self.pages)}")
                super().showPage()
            super().save()

    return Numbered
