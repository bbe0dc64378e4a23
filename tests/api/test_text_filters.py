"""Filters and searches read texts in the normal form in which texts are stored."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.sales.commands import AddCustomer, OrderedItem, PlaceOrder
from tests.support.settling import settle

DECOMPOSED = ("Zoe\N{COMBINING DIAERESIS}", " Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}\N{ZERO WIDTH SPACE} ")
"""Both are the name Zoë."""


@pytest.fixture
def order(shop, controller, accountant):
    code, name = "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} Ltd."
    dispatch(AddCustomer(code=code, name=name), actor=controller)
    lines = (OrderedItem("BOLT", 1, Decimal(2)),)
    return dispatch(PlaceOrder(customer=code, currency="USD", lines=lines), actor=accountant)


@pytest.mark.parametrize("spelling", DECOMPOSED)
def test_a_filter_reads_a_text_in_normal_form(order, api, accountant, spelling):
    orders = api(accountant).get("sales/orders/", customer=spelling).json()

    assert [row["id"] for row in orders["results"]] == [order.pk]


def test_a_filter_of_a_column_reads_a_text_in_normal_form(order, api, accountant):
    settle()
    orders = api(accountant).get("payments/payments/", reference=f" {order.subject}\N{ZERO WIDTH SPACE}")

    assert [row["reference"] for row in orders.json()["results"]] == [order.subject]


def test_a_filter_with_a_control_character_is_refused(order, api, accountant):
    response = api(accountant).get("sales/orders/", customer="Zo\x07")

    assert response.status_code == 400
    assert "control character" in str(response.json())


@pytest.mark.parametrize("spelling", DECOMPOSED)
def test_a_search_of_the_console_reads_a_text_in_normal_form(order, client_for, controller, spelling):
    page = client_for(controller).get("/t/acme/sales/customer/", {"q": spelling})

    assert "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} Ltd." in page.content.decode()
