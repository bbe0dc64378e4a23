"""Money that a person moves over HTTP under a key: crashed at every statement of the request while the same request
comes to another worker, and asked again by whoever had no answer."""

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
from apps.sagas import SAGAS
from apps.sagas.models import Run
from apps.sales import queries
from apps.sales.models import Order
from apps.sales.sagas import ORDER_TO_CASH
from tests.support.failpoints import LONGEST_STRIDE, Killed, armed, crash_everywhere, noticed
from tests.support.order_to_cash import kept, nothing_is_out_of_place
from tests.support.patience import EVER, patient
from tests.support.second_worker import second_worker
from tests.support.settling import settle
from tests.support.shop import balances, ordered, stock

PAYMENTS = "/t/acme/api/v1/payments/payments/"


class Caller:
    """Somebody with a browser of his own."""

    def __init__(self, client):
        self.client, self.answers = client, []

    def post(self, key, address, **body):
        response = self.client.post(
            address, body, content_type="application/json", headers={"Idempotency-Key": key}
        )
        self.answers.append(response)
        return response


@pytest.fixture
def caller(shop, client_for, accountant):
    return Caller(client_for(accountant))


@pytest.fixture
def again(shop, client_for, accountant):
    """The same person, whose browser asks once more, and gets another worker."""
    return Caller(client_for(accountant))


def asked_everywhere(caller, again, acme, fresh):
    """`fresh(number)` is a request that nobody made before. The first worker dies at each of its points, one after the
    other, while a second one has the same request. Returns how many requests it took, and how often one died."""
    number, deaths, survived = 0, 0, False
    with second_worker(acme) as second:
        while not survived:
            number, request = number + 1, fresh(number + 1)
            is_done = False
            while not (survived or is_done):
                second_ask = partial(second.comes, partial(again.post, **request))
                with suppress(Killed), armed(deaths + 1, before=noticed, meanwhile=second_ask):
                    caller.post(**request)
                    survived = True
                deaths += not survived
                second.ends()
                is_done = survived or again.answers[-1].status_code in (200, 201)
            response = caller.post(**request)
            assert response.headers.get("Idempotency-Replayed") == "true", response.content
        assert {each.status_code for each in again.answers} <= {200, 201, 409}
    return number, deaths


@pytest.mark.exhaustive("a crash at every statement of a request")
def test_a_bank_transfer_is_confirmed_once(caller, again, acme, accountant):
    dispatch(ReceiveStock(sku="BOLT", quantity=1_000), actor=accountant)

    def waiting(number):
        order = dispatch(ordered("", provider="manual", BOLT=1), actor=accountant)
        settle()
        payment = Payment.objects.get(reference=order.subject)
        return {
            "key": f"transfer-{number}",
            "address": f"{PAYMENTS}{payment.pk}/confirm/",
            "provider_payment_id": f"statement {number}",
        }

    number, deaths = asked_everywhere(caller, again, acme, waiting)
    settle(impatient=True)

    assert deaths > 10
    assert Record.objects.filter(command="payments.confirm_payment", outcome="done").count() == number
    assert balances()["1000"] == number * Decimal("1.50")
    assert set(Order.objects.values_list("state", flat=True)) == {"completed"}
    assert queries.reconcile() == []


def test_a_payment_is_requested_once(caller, again, acme):
    def wanted(number):
        return {
            "key": f"request-{number}",
            "address": PAYMENTS,
            "reference": f"fair:{number}",
            "amount": "6.50",
            "currency": "USD",
            "provider": "sandbox",
            "token": "tok_ok",
        }

    number, deaths = asked_everywhere(caller, again, acme, wanted)
    settle(impatient=True)

    assert deaths > 5
    assert Payment.objects.count() == SandboxOperation.objects.count() == Entry.objects.count() == number
    assert set(Payment.objects.values_list("state", flat=True)) == {"confirmed"}
    assert queries.reconcile() == []


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", EVER)
    patient(ORDER_TO_CASH)
    yield
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_paid_order_that_is_cancelled_is_refunded_once(sample, caller, accountant, patience):
    """Between the payment and the invoice: the money goes back with the goods, wherever a worker dies."""
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    payment = Payment.objects.get()
    confirm = partial(
        caller.post, "transfer", f"{PAYMENTS}{payment.pk}/confirm/", provider_payment_id="statement 7/12"
    )
    cancel = partial(caller.post, "cancel", f"/t/acme/api/v1/sales/orders/{order.pk}/cancel/", reason="Rang.")

    for ask in (confirm, cancel):
        assert crash_everywhere(
            ask, after_each=nothing_is_out_of_place, stride=sample.stride(LONGEST_STRIDE)
        ) > sample.at_least(10, LONGEST_STRIDE)
        assert caller.answers[-1].status_code == 200
    deaths = crash_everywhere(
        lambda: settle(impatient=True),
        progress=kept,
        after_each=nothing_is_out_of_place,
        before=noticed,
        stride=sample.stride(LONGEST_STRIDE),
    )

    assert deaths > sample.at_least(100, LONGEST_STRIDE)
    assert (Order.objects.get().state, Run.objects.get().state) == ("cancelled", "compensated")
    assert Refund.objects.get().amount_minor == Payment.objects.get().refunded_minor == 650
    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert balances() == {"1000": Decimal(0), "1100": Decimal(0)}
    assert Entry.objects.count() == 2
    assert queries.reconcile() == []
