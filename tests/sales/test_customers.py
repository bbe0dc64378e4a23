"""Changing, deactivating and reactivating customers."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.companies.commands import ChangeCompany
from apps.companies.models import Company
from apps.inventory.commands import ChangeItem, DeactivateItem
from apps.inventory.models import Item
from apps.kernel.printing.characters import TextNotPrintable
from apps.sales.commands import ChangeCustomer, DeactivateCustomer, ReactivateCustomer
from apps.sales.errors import (
    CustomerAlreadyInactive,
    CustomerIsActive,
    CustomerIsInactive,
    CustomerNameMissing,
    CustomerUnknown,
    EmailMalformed,
    ItemIsInactive,
    ReasonMissing,
)
from apps.sales.invoice_pdf import rendered
from apps.sales.models import Customer, Invoice, Order
from tests.support.ledger_sql import attempt, raw
from tests.support.locks import wait_for_blocked
from tests.support.settling import settle
from tests.support.shop import ordered
from tests.support.threads import in_tenant, in_thread


def change(customer, actor, **fields):
    return dispatch(ChangeCustomer(customer_id=customer.pk, **fields), actor=actor)


def deactivate(customer, actor, reason="Closed."):
    return dispatch(DeactivateCustomer(customer_id=customer.pk, reason=reason), actor=actor)


def test_a_change_leaves_the_other_fields_and_is_in_the_field_history(shop, accountant):
    change(shop, accountant, email="", name="Hooli SE")

    customer = Customer.objects.get(pk=shop.pk)
    assert (customer.name, customer.email, customer.address) == ("Hooli SE", "", shop.address)
    assert [row.name for row in customer.history.order_by("history_id")] == ["Hooli Inc.", "Hooli SE"]
    assert customer.history.latest("history_id").actor_name == str(accountant)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": ""}, CustomerNameMissing),
        ({"email": "nowhere"}, EmailMalformed),
        ({"name": "\U0001f4a9"}, TextNotPrintable),
    ],
)
def test_an_invalid_change_is_refused(shop, accountant, fields, refusal):
    with pytest.raises(refusal):
        change(shop, accountant, **fields)


def test_an_unknown_customer_is_not_changed(shop, accountant):
    with pytest.raises(CustomerUnknown):
        dispatch(ChangeCustomer(customer_id=77, name="X"), actor=accountant)


def test_an_auditor_may_not_change_a_customer(shop, auditor):
    with pytest.raises(PermissionDenied):
        change(shop, auditor, name="X")


def test_an_issued_invoice_keeps_the_texts_of_its_day(shop, accountant, controller, owner):
    """Of customer, company and items, also in a document that is made afterwards."""
    dispatch(ordered(), actor=accountant)
    settle()
    invoice = Invoice.objects.get()
    before, document = Invoice.objects.values().get(), rendered(invoice)

    change(shop, accountant, name="Hooli SE", address="2 New Way")
    dispatch(ChangeCompany(company_id=Company.objects.get().pk, name="Acme AG", country="DE"), actor=owner)
    dispatch(
        ChangeItem(item_id=Item.objects.get(sku="BOLT").pk, name="Bolt M9", unit="box"), actor=controller
    )

    assert Invoice.objects.values().get() == before
    assert rendered(Invoice.objects.get()) == document


def test_a_later_invoice_has_the_changed_texts(shop, accountant, owner):
    change(shop, accountant, name="Hooli SE", address="2 New Way")
    dispatch(ChangeCompany(company_id=Company.objects.get().pk, name="Acme AG"), actor=owner)

    dispatch(ordered(), actor=accountant)
    settle()

    invoice = Invoice.objects.get()
    assert (invoice.seller, invoice.customer_name, invoice.customer_address) == (
        "Acme AG",
        "Hooli SE",
        "2 New Way",
    )


def test_an_inactive_customer_places_no_order_until_reactivated(shop, accountant):
    deactivate(shop, accountant)
    with pytest.raises(CustomerIsInactive):
        dispatch(ordered(), actor=accountant)

    dispatch(ReactivateCustomer(customer_id=shop.pk, reason="Open again."), actor=accountant)

    assert dispatch(ordered(), actor=accountant).customer == shop


def test_an_order_placed_before_the_deactivation_is_completed(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    deactivate(shop, accountant)

    settle()

    order.refresh_from_db()
    assert order.state == Order.State.COMPLETED


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (lambda pk: DeactivateCustomer(customer_id=pk, reason=" "), ReasonMissing),
        (lambda pk: ReactivateCustomer(customer_id=pk, reason="x"), CustomerIsActive),
    ],
)
def test_a_state_that_cannot_be_left_is_refused(shop, accountant, command, refusal):
    with pytest.raises(refusal):
        dispatch(command(shop.pk), actor=accountant)


def test_a_second_deactivation_is_refused(shop, accountant):
    deactivate(shop, accountant)
    with pytest.raises(CustomerAlreadyInactive):
        deactivate(shop, accountant)


def test_an_order_that_waited_for_a_deactivation_is_refused(acme, shop, accountant):
    """The rule saw an active customer; the trigger of the database sees the committed row."""

    def order():
        try:
            return in_tenant(acme, lambda: dispatch(ordered(), actor=accountant))
        except Exception as refusal:
            return refusal

    with raw(acme) as other:
        other.execute("UPDATE sales_customer SET is_active = false WHERE id = %s", [shop.pk])
        with in_thread(order) as outcome:
            wait_for_blocked(by=other.info.backend_pid)
            other.commit()

    assert isinstance(outcome[0], CustomerIsInactive)
    assert not Order.objects.exists()


def test_the_database_refuses_orders_of_an_inactive_customer(acme, shop, accountant):
    deactivate(shop, accountant)
    insert = (
        "INSERT INTO sales_order"
        " (customer_id, currency, amount_minor, provider, token, state, placed_at, placed_by, why)"
        f" VALUES ({shop.pk}, 'USD', 100, 'manual', '', 'placed', now(), '', '')"
    )
    with raw(acme) as session:
        assert attempt(session, insert) == "BS011"


def test_an_inactive_item_is_not_sold(acme, shop, accountant):
    bolt = Item.objects.get(sku="BOLT")
    order = dispatch(ordered(NUT=1), actor=accountant)
    dispatch(DeactivateItem(item_id=bolt.pk, reason="Sold out."), actor=accountant)

    with pytest.raises(ItemIsInactive):
        dispatch(ordered(), actor=accountant)

    line = (
        "INSERT INTO sales_orderline (order_id, line_no, item_id, name, quantity, price_minor)"
        f" VALUES ({order.pk}, 9, {bolt.pk}, 'Bolt', 1, 0)"
    )
    with raw(acme) as session:
        assert attempt(session, line) == "BS012"
