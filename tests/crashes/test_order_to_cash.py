"""Crash at every point of the journey from order to cash, of its way back and of a refund: it ends in a declared
state, with nothing lost and nothing doubled, and sales, inventory, payments and ledger agree."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from itertools import accumulate

import pytest

from apps.bus import dispatch, dispatch_once
from apps.events import deliveries
from apps.events.models import Delivery
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.files import files
from apps.kernel.transactions import unit_of_work
from apps.ledger.models import Entry
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.sagas import SAGAS
from apps.sagas.executor import advance
from apps.sagas.models import Run
from apps.sagas.runs import begin
from apps.sales import queries
from apps.sales.commands import RefundOrder
from apps.sales.models import Invoice, Order
from apps.sales.sagas import ORDER_TO_CASH, data_of
from tests.support.failpoints import LONGEST_STRIDE, Killed, armed, crash_everywhere
from tests.support.order_to_cash import kept, nothing_is_out_of_place
from tests.support.patience import EVER, patient
from tests.support.settling import settle
from tests.support.shop import balances, ordered, stock

BUYER = System("The web shop")


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """However often the worker is lost, it is tried again: there are more points than retries."""
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", EVER)
    patient(ORDER_TO_CASH)
    yield
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH


def place(card):
    return lambda: dispatch_once(ordered(card), actor=BUYER, key="order 1")


@pytest.mark.exhaustive("a crash at every statement", inside=True)
@pytest.mark.parametrize(
    ("card", "ends", "way"),
    [
        ("tok_ok", "completed", "done"),
        ("tok_declined", "cancelled", "compensated"),
    ],
)
def test_an_order_ends_where_it_would_have_ended(sample, shop, card, ends, way):
    placed = crash_everywhere(
        place(card), after_each=nothing_is_out_of_place, stride=sample.stride(LONGEST_STRIDE)
    )
    deaths = crash_everywhere(
        lambda: settle(impatient=True),
        progress=kept,
        after_each=nothing_is_out_of_place,
        stride=sample.stride(LONGEST_STRIDE),
    )

    assert placed > sample.at_least(10, LONGEST_STRIDE)
    assert deaths > sample.at_least(300, LONGEST_STRIDE)
    assert Order.objects.get().state == ends
    assert Run.objects.get().state == way
    assert not Delivery.objects.exclude(status="done").exclude(event__due_at__gt=now()).exists()
    assert queries.reconcile() == []
    assert SandboxOperation.objects.count() == Payment.objects.count() == 1
    if ends == "completed":
        assert stock() == {"BOLT": (6, 0), "NUT": (3, 0)}
        assert Entry.objects.count() == 2
        assert files().exists(Invoice.objects.get().file)
    else:
        assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
        assert Entry.objects.count() == 0


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_an_order_ends_though_its_first_step_never_does(sample, shop):
    """Every worker dies at the same point of it, until it is given up; at each of its points, one after the other."""
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH
    given_up, stride = 0, sample.stride(LONGEST_STRIDE)
    for dies_at in accumulate(iter(stride, None)):
        order = dispatch(ordered(BOLT=1), actor=BUYER)
        with unit_of_work():
            run = begin(ORDER_TO_CASH, data_of(order), subject=order.subject)
        for _ in range(LIVES):
            dies(dies_at, lambda run=run: advance(run.pk))
        was_done = run.log_entries.filter(kind="done", step="confirm order").exists()
        settle(impatient=True)

        order.refresh_from_db()
        assert order.state in ("completed", "cancelled")
        given_up += "worker was lost" in order.why
        if was_done:
            break

    assert given_up > sample.at_least(10, LONGEST_STRIDE)
    assert queries.reconcile() == []


LIVES = 6
"""Enough for the step to be given up, and too few for its way back."""


def dies(at, doing):
    with suppress(Killed), armed(at):
        doing()


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_refund_is_made_once(sample, shop):
    order = dispatch(ordered(), actor=BUYER)
    settle()
    refund = RefundOrder(
        order_id=order.pk, amount=Decimal("2.00"), reason="A bolt was bent.", reference="bent"
    )

    crash_everywhere(
        lambda: dispatch_once(refund, actor=BUYER, key="refund 1"), stride=sample.stride(LONGEST_STRIDE)
    )
    crash_everywhere(
        lambda: settle(impatient=True),
        progress=kept,
        after_each=nothing_is_out_of_place,
        stride=sample.stride(LONGEST_STRIDE),
    )

    made = Refund.objects.get()
    assert made.sent_at is not None
    assert Payment.objects.get().refunded_minor == made.amount_minor == 200
    assert queries.reconcile() == []
    assert [f"{balances()[code]:.2f}" for code in ("1000", "1100")] == ["4.50", "0.00"]
