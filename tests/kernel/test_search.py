"""Searches match every word: numbers by their beginning, amounts, and texts without regard to case and accents."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from apps.bus import dispatch
from apps.kernel.search import SearchTooLong
from apps.kernel.search.folding import contains
from apps.kernel.text import CharacterNotAllowed
from apps.ledger.models import Entry
from apps.ledger.search import ENTRIES
from apps.payments.models import Payment
from apps.payments.search import PAYMENTS
from apps.sales.commands import AddCustomer
from apps.sales.models import Customer, Invoice, Order
from apps.sales.search import CUSTOMERS, INVOICES, ORDERS
from tests.support.settling import settle
from tests.support.shop import ordered


def everything(permission):
    return True


def nothing(permission):
    return False


@pytest.fixture
def customers(at_acme, controller):
    for code, name in (("CAFE", "Café Müller"), ("STR", "Straßenbau Łódź"), ("Z", "Plain 100% off")):
        dispatch(AddCustomer(code=code, name=name, email=f"{code.lower()}@x.example"), actor=controller)


@pytest.fixture
def order(shop, accountant):
    """Of HOOLI, for 6.50 USD, with its payment, invoice and entries."""
    order = dispatch(ordered(), actor=accountant)
    settle()
    return order


def codes(term):
    return [row.code for row in CUSTOMERS.rows(Customer.objects.order_by("code"), term, nothing)]


@pytest.mark.parametrize(
    ("term", "matching"),
    [
        ("cafe muller", ["CAFE"]),
        ("MÜLLER Cafe\u0301", ["CAFE"]),
        ("ﬁx", []),
        ("strassenbau", ["STR"]),
        ("lodz STR@", ["STR"]),
        ("cafe lodz", []),
        ("100%", ["Z"]),
        ("1_0", []),
        ("%", []),
        ("mu", ["CAFE"]),
        ("ul", []),
        ("", ["CAFE", "STR", "Z"]),
        (" \t ", ["CAFE", "STR", "Z"]),
    ],
)
def test_texts_match_in_any_case_and_without_accents(customers, term, matching):
    assert codes(term) == matching


@pytest.mark.parametrize("term", ["a" * 201, "a b c d e f g h i"])
def test_a_long_term_is_refused(at_acme, term):
    with pytest.raises(SearchTooLong):
        codes(term)


@pytest.mark.parametrize("term", ["a\0b", "\x1b", "\ud800"])
def test_a_term_with_a_character_that_no_text_contains_is_refused(at_acme, term):
    with pytest.raises(CharacterNotAllowed):
        codes(term)


def test_rows_are_searched_by_number_amount_currency_and_customer(order):
    invoice, payment = Invoice.objects.get(), Payment.objects.get()
    searched = {
        (ORDERS, order): (f"so-{order.pk}", f"SO {order.pk}", "6.50 usd", "6.5", "hooli", "HOOLI 6.50"),
        (INVOICES, invoice): (
            *("inv 1", "INV-0001", f"inv-{invoice.year}-0000", str(invoice), f"so-{order.pk}", "hooli inv"),
            *(f"{invoice.year}-1", "6.50"),
        ),
        (PAYMENTS, payment): (f"P-{payment.pk}", "hooli 6.50", f"order:{order.pk}", f"SO-{order.pk}"),
    }

    for (search, row), terms in searched.items():
        for term in terms:
            assert [*search.rows(type(row).objects.all(), term, everything)] == [row], term

    for term in ("6.51", "so-99999", "hooli eur", "inv-0002", "1,00", "999999999999999999999", "1e3"):
        for search, row in searched:
            assert not search.rows(type(row).objects.all(), term, everything).exists(), term


def test_entries_are_searched_by_number_and_by_amounts_of_their_lines(order):
    entry = Entry.objects.with_numbers().order_by("pk").first()
    series = f"{entry.journal.code}-{entry.year.code}"

    for term in (str(entry), str(entry).lower(), f"{entry.number} {series}"):
        assert entry in ENTRIES.rows(Entry.objects.all(), term, everything)
    for term in (entry.journal.code, f"{series}-", series[:-1]):
        assert ENTRIES.rows(Entry.objects.all(), term, everything).count() == Entry.objects.count()
    assert ENTRIES.rows(Entry.objects.all(), "6.50", everything).exists()
    assert not ENTRIES.rows(Entry.objects.all(), "NOPE-2026-1", everything).exists()
    assert not ENTRIES.rows(Entry.objects.all(), "draft", everything).exists()


def test_related_rows_match_only_with_the_permission_to_view_them(order):
    """Otherwise the number of results would reveal what the user may not view."""
    term = "hooli"

    assert not ORDERS.rows(Order.objects.all(), term, nothing).exists()
    assert not ORDERS.rows(Order.objects.all(), term, lambda p: p != "sales.view_customer").exists()
    assert not PAYMENTS.rows(Payment.objects.all(), term, nothing).exists()
    assert not PAYMENTS.rows(Payment.objects.all(), term, lambda p: p != "sales.view_customer").exists()
    assert not INVOICES.rows(
        Invoice.objects.all(), f"so-{order.pk}", lambda p: p != "sales.view_order"
    ).exists()
    assert INVOICES.rows(Invoice.objects.all(), term, nothing).exists()  # its own column has the name


def test_the_whole_number_comes_first(order, accountant):
    others = [dispatch(ordered(BOLT=1), actor=accountant) for _ in range(2)]
    rows = ORDERS.rows(Order.objects.order_by("-id"), "so", everything)

    assert next(iter(ORDERS.exact_first(rows, f"so {order.pk}"))) == order
    assert next(iter(ORDERS.exact_first(rows, "so"))) == others[-1]


@pytest.mark.parametrize(
    ("model", "search"),
    [(Customer, CUSTOMERS), (Entry, ENTRIES), (Invoice, INVOICES), (Payment, PAYMENTS)],
)
def test_a_search_in_texts_uses_its_index(at_acme, model, search):
    rows = model.objects.order_by().filter(contains(model, search.texts, "müller"))

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows.explain()

    assert f"{model._meta.db_table}_search" in plan


@pytest.mark.parametrize(
    ("path", "term"),
    [
        ("sales/orders/", "hooli 6.50"),
        ("sales/invoices/", "inv 1"),
        ("sales/customers/", "hooli"),
        ("payments/payments/", "hooli"),
        ("ledger/entries/", "6.50"),
        ("inventory/items/", "bolt"),
    ],
)
def test_the_api_searches_its_lists(order, api, accountant, path, term):
    caller = api(accountant)

    assert caller.get(path, search=term).json()["results"]
    assert caller.get(path, search=f"{term} zzz").json()["results"] == []
    assert caller.get(path, search="a" * 201).status_code == 400


def test_a_list_of_the_api_without_a_search_refuses_the_parameter(at_acme, api, accountant):
    assert api(accountant).get("ledger/journals/", search="x").status_code == 400
