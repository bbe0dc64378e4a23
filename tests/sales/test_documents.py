"""Documents of invoices that fail: their state and reason, the retry, and the notice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.events.models import Delivery
from apps.inventory.commands import AddItem
from apps.kernel.clock import moved_to, now
from apps.kernel.files.store import files
from apps.kernel.printing.characters import TextNotPrintable, TextRightToLeft
from apps.notices.models import Notice
from apps.sales import documents, tasks
from apps.sales.commands import (
    AddCustomer,
    ConfirmOrder,
    IssueInvoice,
    MarkOrderPaid,
    PlaceOrder,
    RetryInvoiceDocument,
)
from apps.sales.errors import DocumentNotFailed
from apps.sales.models import Customer, Invoice, Order
from tests.support.settling import settle
from tests.support.shop import ordered

HEBREW, THAI = "חברה", "บริษัท"


@pytest.fixture
def old_customer(shop):
    """Written before such text was refused."""
    return Customer.objects.create(code="OLD", name=HEBREW)


@pytest.fixture
def failed(old_customer, accountant):
    invoice = issued(accountant, "OLD")
    documents.make(invoice.pk)
    invoice.refresh_from_db()
    return invoice


def order_of(customer):
    return PlaceOrder(
        customer=customer, currency="USD", provider="sandbox", token="tok_ok", lines=ordered().lines
    )


def issued(actor, customer="HOOLI"):
    order = dispatch(order_of(customer), actor=actor)
    for step in (ConfirmOrder, MarkOrderPaid):
        dispatch(step(order_id=order.pk), actor=actor)
    return dispatch(IssueInvoice(order_id=order.pk), actor=actor)


# Refused when it is written


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (AddCustomer(code="A", name=HEBREW), TextRightToLeft),
        (AddCustomer(code="A", name="A", address=f"1 Road\n{THAI}"), TextNotPrintable),
        (AddItem(sku="A", name=THAI), TextNotPrintable),
        (AddItem(sku=HEBREW, name="A"), TextRightToLeft),
        (FoundCompany(code="A", name=THAI, currency="USD"), TextNotPrintable),
    ],
)
def test_text_that_documents_cannot_print_is_refused_at_the_bus(shop, controller, owner, command, refusal):
    actor = owner if isinstance(command, FoundCompany) else controller
    with pytest.raises(refusal) as caught:
        dispatch(command, actor=actor)

    assert "U+" in str(caught.value)


def test_the_api_and_the_page_refuse_such_text(shop, api, client_for, controller):
    response = api(controller).post("sales/customers/", {"code": "A", "name": HEBREW})
    page = client_for(controller).post("/t/acme/sales/add-customer/", {"code": "A", "name": HEBREW})

    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "kernel.text_right_to_left")
    assert (page.status_code, "U+05D7" in page.content.decode()) == (422, True)
    assert not Customer.objects.filter(code="A").exists()


# Failed documents


def test_an_older_row_with_such_text_makes_the_document_fail_with_its_reason(failed):
    assert (failed.state, failed.file) == ("failed", "")
    assert "The name of the customer has text that runs from right to left" in failed.failure
    assert not files().exists(failed.file_name)


@pytest.mark.exhaustive("delivers all events of an order")
def test_an_order_with_a_failed_document_is_completed(old_customer, accountant):
    order = dispatch(order_of("OLD"), actor=accountant)
    settle()

    assert Order.objects.get(pk=order.pk).state == "completed"
    assert Invoice.objects.get(order=order).state == "failed"
    assert Delivery.objects.get(subscriber="sales.store_document").status == "done"


def test_a_failed_document_is_shown_on_pages_dashboard_and_api(failed, client_for, api, accountant):
    client, base = client_for(accountant), "/t/acme"

    page = client.get(f"{base}/sales/invoice/{failed.pk}/change/").content.decode()
    order = client.get(f"{base}/sales/order/{failed.order_id}/change/").content.decode()
    dashboard = client.get(f"{base}/").content.decode()
    listed = client.get(f"{base}/sales/invoice/?state__exact=failed").content.decode()
    none = client.get(f"{base}/sales/invoice/?state__exact=stored").content.decode()
    body = api(accountant).get("sales/invoices/", state="failed").json()["results"]

    assert f"{base}/sales/invoice/{failed.pk}/retry-document/" in page
    assert "runs from right to left" in page
    assert "runs from right to left" in order
    assert f"{base}/sales/invoice/?state__exact=failed" in dashboard
    assert (str(failed) in listed, str(failed) in none) == (True, False)
    assert [(row["state"], row["failure"], row["download"]) for row in body] == [
        ("failed", failed.failure, None)
    ]


def test_a_failed_document_is_retried_on_its_page_and_over_the_api(failed, client_for, api, accountant):
    """The reason is gone in between: the name is printable in a later version."""
    page = client_for(accountant).post(f"/t/acme/sales/invoice/{failed.pk}/retry-document/", {}, follow=True)
    failed.refresh_from_db()
    assert (page.status_code, failed.state, failed.failure) == (200, "issued", "")
    assert f"The document of {failed} is being made again." in page.content.decode()

    documents.make(failed.pk)
    failed.refresh_from_db()
    assert failed.state == "failed"
    assert api(accountant).post(f"sales/invoices/{failed.pk}/retry-document/").status_code == 200
    again = api(accountant).post(f"sales/invoices/{failed.pk}/retry-document/")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "sales.document_not_failed")


def test_only_a_failed_document_is_retried(shop, accountant):
    invoice = issued(accountant)
    with pytest.raises(DocumentNotFailed):
        dispatch(RetryInvoiceDocument(invoice_id=invoice.pk), actor=accountant)


def test_a_missing_document_of_a_copy_without_files_is_made_again(shop, client_for, accountant):
    invoice = issued(accountant)
    documents.make(invoice.pk)
    invoice.refresh_from_db()
    with pytest.raises(DocumentNotFailed):
        dispatch(RetryInvoiceDocument(invoice_id=invoice.pk), actor=accountant)
    files().delete(invoice.file)

    page = client_for(accountant).get(f"/t/acme/sales/invoice/{invoice.pk}/download/")
    assert page.headers["Location"] == f"/t/acme/sales/invoice/{invoice.pk}/retry-document/"
    dispatch(RetryInvoiceDocument(invoice_id=invoice.pk), actor=accountant)
    documents.make(invoice.pk)

    invoice.refresh_from_db()
    assert (invoice.state, files().exists(invoice.file)) == ("stored", True)


@pytest.mark.exhaustive("delivers all events of an invoice")
def test_a_document_that_the_store_refuses_is_retried_and_stored(shop, accountant):
    """A folder has the name of the document's file."""
    invoice = issued(accountant)
    files().save(f"{invoice.file_name}/blocker", ContentFile(b"x"))

    settle(impatient=True)
    invoice.refresh_from_db()
    delivery = Delivery.objects.get(subscriber="sales.store_document")
    assert (invoice.state, delivery.status, delivery.attempts) == ("failed", "dead", 8)
    assert invoice.failure.startswith("The document could not be stored (")
    assert documents.without_attempts_left() == [invoice]

    files().delete(f"{invoice.file_name}/blocker")
    files().delete(invoice.file_name)
    dispatch(RetryInvoiceDocument(invoice_id=invoice.pk), actor=accountant)
    settle()
    invoice.refresh_from_db()
    assert (invoice.state, invoice.failure) == ("stored", "")


def test_owners_and_accountants_get_one_notice_a_day(failed, old_customer, accountant, owner):
    documents.make(issued(accountant, "OLD").pk)

    tasks.report_failed_documents.run()
    tasks.report_failed_documents.run()
    notice = Notice.objects.get(kind="invoice.documents_failed")
    assert notice.subject == "Invoices without a document: 2"
    assert str(failed) in notice.text
    assert {accountant.email, owner.email} <= set(notice.deliveries.values_list("address", flat=True))

    with moved_to(now() + dt.timedelta(days=1)):
        tasks.report_failed_documents.run()
    assert Notice.objects.filter(kind="invoice.documents_failed").count() == 2


def test_no_notice_is_sent_without_failed_documents(shop, accountant):
    issued(accountant)

    tasks.report_failed_documents.run()

    assert not Notice.objects.filter(kind="invoice.documents_failed").exists()
