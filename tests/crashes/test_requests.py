"""HTTP requests that move money, with an idempotency key: a worker crashes at any statement while another worker has
the same request, and the client repeats it."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from functools import partial

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.events import deliveries
from apps.inventory.commands import ReceiveStock
from apps.ledger.models import Entry
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.sagas.declaration import SAGAS
from apps.sagas.models import Run
from apps.sales import queries
from apps.sales.models import Order
from apps.sales.sagas import ORDER_TO_CASH
from tests.support.failpoints import MAX_STRIDE, Killed, armed, crash_everywhere, writes_or_locks
from tests.support.order_to_cash import assert_consistent, committed_rows
from tests.support.second_worker import second_worker
from tests.support.settling import settle
from tests.support.shop import balances, ordered, stock
from tests.support.unlimited_retries import UNLIMITED_BACKOFF, with_unlimited_retries

PAYMENTS = "/t/acme/api/v1/payments/payments/"


class Caller:
    """A browser of a user, with all its responses."""

    def __init__(self, client):
        self.client, self.responses = client, []

    def post(self, key, address, **body):
        response = self.client.post(
            address, body, content_type="application/json", headers={"Idempotency-Key": key}
        )
        self.responses.append(response)
        return response


@pytest.fixture
def caller(shop, client_for, accountant):
    return Caller(client_for(accountant))


@pytest.fixture
def second_caller(shop, client_for, accountant):
    """The same user, with a repeated request that another worker handles."""
    return Caller(client_for(accountant))


def crash_requests(caller, second_caller, acme, new_request):
    """`new_request(number)` is a new request. The first worker crashes at each failpoint in turn, while a second one
    has the same request. Returns the number of requests and of crashes."""
    number, deaths, survived = 0, 0, False
    with second_worker(acme) as second:
        while not survived:
            number, request = number + 1, new_request(number + 1)
            is_complete = False
            while not (survived or is_complete):
                second_request = partial(second.comes, partial(second_caller.post, **request))
                with suppress(Killed), armed(deaths + 1, before=writes_or_locks, meanwhile=second_request):
                    caller.post(**request)
                    survived = True
                deaths += not survived
                second.ends()
                is_complete = survived or second_caller.responses[-1].status_code in (200, 201)
            response = caller.post(**request)
            assert response.headers.get("Idempotency-Replayed") == "true", response.content
        assert {response.status_code for response in second_caller.responses} <= {200, 201, 409}
    return number, deaths


@pytest.mark.exhaustive("a crash at every statement of a request")
def test_a_bank_transfer_is_confirmed_once(caller, second_caller, acme, accountant):
    dispatch(ReceiveStock(sku="BOLT", quantity=1_000), actor=accountant)

    def confirmation(number):
        order = dispatch(ordered("", provider="manual", BOLT=1), actor=accountant)
        settle()
        payment = Payment.objects.get(reference=order.subject)
        return {
            "key": f"transfer-{number}",
            "address": f"{PAYMENTS}{payment.pk}/confirm/",
            "provider_payment_id": f"statement {number}",
        }

    number, deaths = crash_requests(caller, second_caller, acme, confirmation)
    settle(impatient=True)

    assert deaths > 10
    assert Record.objects.filter(command="payments.confirm_payment", outcome="done").count() == number
    assert balances()["1000"] == number * Decimal("1.50")
    assert set(Order.objects.values_list("state", flat=True)) == {"completed"}
    assert queries.reconcile() == []


def test_a_payment_is_requested_once(caller, second_caller, acme):
    def payment_request(number):
        return {
            "key": f"request-{number}",
            "address": PAYMENTS,
            "reference": f"fair:{number}",
            "amount": "6.50",
            "currency": "USD",
            "provider": "sandbox",
            "token": "tok_ok",
        }

    number, deaths = crash_requests(caller, second_caller, acme, payment_request)
    settle(impatient=True)

    assert deaths > 4
    assert Payment.objects.count() == SandboxOperation.objects.count() == Entry.objects.count() == number
    assert set(Payment.objects.values_list("state", flat=True)) == {"confirmed"}
    assert queries.reconcile() == []


@pytest.fixture
def unlimited_retries(monkeypatch):
    monkeypatch.setattr(deliveries, "BACKOFF", UNLIMITED_BACKOFF)
    with_unlimited_retries(ORDER_TO_CASH)
    yield
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_paid_order_that_is_cancelled_is_refunded_once(sample, caller, accountant, unlimited_retries):
    """Between payment and invoice: money and goods are returned, wherever a worker crashes."""
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    payment = Payment.objects.get()
    confirm = partial(
        caller.post, "transfer", f"{PAYMENTS}{payment.pk}/confirm/", provider_payment_id="statement 7/12"
    )
    cancel = partial(
        caller.post, "cancel", f"/t/acme/api/v1/sales/orders/{order.pk}/cancel/", reason="On request."
    )

    for request in (confirm, cancel):
        assert crash_everywhere(
            request, after_each=assert_consistent, stride=sample.stride(MAX_STRIDE)
        ) > sample.at_least(10, MAX_STRIDE)
        assert caller.responses[-1].status_code == 200
    deaths = crash_everywhere(
        lambda: settle(impatient=True),
        progress=committed_rows,
        after_each=assert_consistent,
        before=writes_or_locks,
        stride=sample.stride(MAX_STRIDE),
    )

    assert deaths > sample.at_least(100, MAX_STRIDE)
    assert (Order.objects.get().state, Run.objects.get().state) == ("cancelled", "compensated")
    assert Refund.objects.get().amount_minor == Payment.objects.get().refunded_minor == 650
    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert balances() == {"1000": Decimal(0), "1100": Decimal(0)}
    assert Entry.objects.count() == 2
    assert queries.reconcile() == []
