"""Sales through the API and the console."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.payments.models import Payment
from apps.sales.models import Invoice, Order
from tests.support.settling import settle
from tests.support.shop import ordered

API = "/t/acme/api/v1"
PLACED = {
    "customer": "HOOLI",
    "currency": "USD",
    "provider": "sandbox",
    "token": "tok_ok",
    "lines": [{"sku": "BOLT", "quantity": 4, "price": "1.50"}],
}


@pytest.fixture
def completed(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    settle()
    return order


def post_order(client, key="k-1", **changes):
    return client.post(
        f"{API}/sales/orders/",
        PLACED | changes,
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


def test_an_order_posted_over_http_is_completed(shop, client_for, accountant):
    client = client_for(accountant)

    response, again = post_order(client), post_order(client)
    settle()

    assert (response.status_code, response.json()["total"]) == (201, "6.00")
    assert again.json()["id"] == response.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    order = client.get(f"{API}/sales/orders/{response.json()['id']}/").json()
    assert (order["state"], order["reference"]) == ("completed", f"order:{order['id']}")
    (invoice,) = client.get(f"{API}/sales/invoices/").json()["results"]
    document = client.get(invoice["download"])
    assert b"".join(document.streaming_content).startswith(b"%PDF-")
    (payment,) = client.get(f"{API}/payments/payments/?reference=order:{order['id']}").json()["results"]
    assert payment["state"] == "confirmed"


def test_an_order_without_an_idempotency_key_is_refused(shop, client_for, accountant):
    client = client_for(accountant)

    assert client.post(f"{API}/sales/orders/", PLACED, content_type="application/json").status_code == 400
    assert post_order(client, lines=[{"sku": "NUT", "quantity": 1, "price": "1.00"}]).status_code == 201
    assert post_order(client).status_code == 422


def test_another_tenant_sees_no_sales(completed, client_for, globex):
    with activate(None), activate(globex):
        from apps.identity.models import User

        other = User.objects.get(email="accountant@globex.example")
    client = client_for(other, globex)

    for path in ("sales/orders", "sales/invoices", "sales/customers", "payments/payments", "inventory/items"):
        assert client.get(f"/t/globex/api/v1/{path}/").json()["results"] == []
    link = client.get(f"{API}/sales/invoices/")
    assert link.status_code == 401


def test_the_page_of_an_order_lists_related_records(completed, client_for, controller):
    client = client_for(controller)

    page = client.get(f"/t/acme/sales/order/{completed.pk}/change/").content.decode()

    invoice, payment = Invoice.objects.get(), Payment.objects.get()
    for text in (
        completed.number,
        str(invoice),
        f"P-{payment.pk}",
        "Fulfilled",
        "Download",
        "Refund",
        "Workflow",
    ):
        assert text in page
    document = client.get(f"/t/acme/sales/invoice/{invoice.pk}/download/", follow=True)
    assert b"".join(document.streaming_content).startswith(b"%PDF-")


def test_an_order_submitted_on_the_page_is_placed_once(shop, client_for, accountant):
    client = client_for(accountant)
    assert "BOLT Bolt M8" in client.get("/t/acme/sales/new-order/").content.decode()
    form = {
        "customer": "HOOLI",
        "currency": "USD",
        "provider": "sandbox",
        "token": "tok_ok",
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "0",
        "form-0-item": "BOLT Bolt M8",
        "form-0-quantity": "4",
        "form-0-price": "1.50",
        "idempotency_key": "one",
    }

    for _ in range(2):
        page = client.post("/t/acme/sales/new-order/", form, follow=True).content.decode()

    assert " was placed." in page
    assert Order.objects.count() == 1


def test_a_refund_submitted_on_the_page_is_made(completed, client_for, controller):
    client = client_for(controller)
    payment = Payment.objects.get()
    page = f"/t/acme/payments/{payment.pk}/refund/"
    assert "6.50" in client.get(page).content.decode()

    response = client.post(
        page, {"amount": "2.00", "reason": "One was bent", "reference": "RMA-1"}, follow=True
    )

    assert "2.00 USD is refunded" in response.content.decode()
    assert Payment.objects.get().refunded_minor == 200


def test_an_empty_list_is_a_page(at_acme, client_for, auditor):
    client = client_for(auditor)

    for page in ("sales/order", "sales/customer", "sales/invoice", "payments/payment", "inventory/item"):
        assert client.get(f"/t/acme/{page}/").status_code == 200
