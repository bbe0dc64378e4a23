"""Rendering of an invoice as PDF."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from pypdf import PdfReader

from apps.bus import dispatch
from apps.inventory.commands import AddItem
from apps.sales.commands import (
    AddCustomer,
    ConfirmOrder,
    IssueInvoice,
    MarkOrderPaid,
    OrderedItem,
    PlaceOrder,
)
from apps.sales.invoice_pdf import rendered
from tests.support.shop import ordered


@pytest.fixture
def invoiced(shop, accountant):
    """Places an order and issues its invoice."""

    def invoice(command):
        order = dispatch(command, actor=accountant)
        for step in (ConfirmOrder, MarkOrderPaid):
            dispatch(step(order_id=order.pk), actor=accountant)
        return dispatch(IssueInvoice(order_id=order.pk), actor=accountant)

    return invoice


def read(document):
    reader = PdfReader(io.BytesIO(document))
    return reader, [page.extract_text() for page in reader.pages]


def test_the_document_contains_the_data_of_the_invoice(invoiced):
    invoice = invoiced(ordered())

    reader, (page,) = read(rendered(invoice))

    for text in (
        "Acme Corporation",
        "Invoice",
        str(invoice),
        f"{invoice.issued_on:%d %B %Y}",
        "Hooli Inc.",
        "Palo Alto, CA 94301",
        "BOLT",
        "Bolt M8",
        "1.50",
        "6.00",
        "6.50 USD",
        "Page 1 of 1",
    ):
        assert text in page
    assert reader.metadata.title == f"Invoice {invoice}"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]


def test_rendering_an_invoice_twice_gives_the_same_bytes(invoiced):
    invoice = invoiced(ordered())

    assert rendered(invoice) == rendered(type(invoice).objects.get(pk=invoice.pk))


def test_many_lines_are_split_over_pages(invoiced, accountant):
    lines = []
    for number in range(60):
        dispatch(AddItem(sku=f"S{number:02}", name=f"Screw {number}"), actor=accountant)
        lines.append(OrderedItem(f"S{number:02}", 1, Decimal(1)))

    _, pages = read(rendered(invoiced(PlaceOrder(customer="HOOLI", currency="USD", lines=tuple(lines)))))

    assert len(pages) > 1
    assert all("Description" in page for page in pages)
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]
    assert "60.00 USD" in pages[-1]


def test_a_tall_address_with_long_lines_and_words_flows_over_pages(invoiced, accountant):
    lines = [f"Line {number}" for number in range(1, 71)]
    lines += ["word " * 300 + "end-of-words", "x" * 600 + "end-of-word"]
    dispatch(AddCustomer(code="TALL", name="Tall Ltd", address="\n".join(lines)), actor=accountant)

    _, pages = read(rendered(invoiced(ordered_by("TALL"))))

    text = "\n".join(pages)
    assert len(pages) > 1
    for expected in (*lines[:70], "end-of-words", "Bolt M8", "6.50 USD", "Paid in full"):
        assert expected in text
    assert "end-of-word" in text.replace("\n", "").replace("end-of-words", "")


@pytest.mark.exhaustive("adds 300 items")
def test_three_hundred_lines_with_long_names_flow_over_pages(invoiced, accountant):
    lines = []
    for number in range(300):
        name = f"{'W' * 190} {number:03}"
        dispatch(AddItem(sku=f"{'S' * 28}{number:03}", name=name), actor=accountant)
        lines.append(OrderedItem(f"{'S' * 28}{number:03}", 10**9, Decimal(1)))

    _, pages = read(rendered(invoiced(PlaceOrder(customer="HOOLI", currency="USD", lines=tuple(lines)))))

    text = "".join(pages).replace("\n", "")
    assert all(f"S{number:03}" in text for number in range(300))
    assert "300,000,000,000.00 USD" in text


def test_every_printable_character_is_on_the_page(invoiced, accountant):
    characters = "ÄßÇœŁżőğ ΑΩάώ ЖЮёї Ֆֆ ქვ €£№™“”–… ﬁ½"
    dispatch(AddCustomer(code="ALL", name=characters, address=characters), actor=accountant)

    _, (page,) = read(rendered(invoiced(ordered_by("ALL"))))

    assert page.count(characters) == 2


def test_markup_in_names_is_escaped(invoiced, accountant):
    name = 'A & B <font size="99">"GmbH"</font>'
    dispatch(AddCustomer(code="AB", name=name, address="<b>1 & 2</b>"), actor=accountant)

    _, (page,) = read(rendered(invoiced(ordered_by("AB"))))

    assert name in page
    assert "<b>1 & 2</b>" in page


@pytest.mark.parametrize(
    "name",
    ["Ελληνική Εταιρεία", "Общество Ромашка", "Žluťoučký kůň", "株式会社トヨタ", "한국전력", "上海公司"],
)
def test_names_in_other_scripts_are_rendered(invoiced, accountant, name):
    dispatch(AddCustomer(code="FAR", name=name), actor=accountant)

    _, (page,) = read(rendered(invoiced(ordered_by("FAR"))))

    assert name in page.replace("\n", "")


def ordered_by(customer):
    return PlaceOrder(customer=customer, currency="USD", lines=ordered().lines)
