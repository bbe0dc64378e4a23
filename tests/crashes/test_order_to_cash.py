"""Order to cash: after a crash at any failpoint of the saga, its compensation or a refund, the order ends in a declared
state, no effect is lost or doubled, and sales, inventory, payments and ledger agree."""

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
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.files.store import files
from apps.ledger.models import Entry
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.sagas.declaration import SAGAS
from apps.sagas.executor import advance
from apps.sagas.models import Run
from apps.sagas.scheduling import begin
from apps.sales import queries
from apps.sales.commands import RefundOrder
from apps.sales.models import Invoice, Order
from apps.sales.sagas import ORDER_TO_CASH, data_of
from tests.support.failpoints import MAX_STRIDE, Killed, armed, crash_everywhere
from tests.support.order_to_cash import assert_consistent, committed_rows
from tests.support.settling import settle
from tests.support.shop import balances, ordered, stock
from tests.support.unlimited_retries import UNLIMITED_BACKOFF, with_unlimited_retries

BUYER = System("The web shop")


@pytest.fixture(autouse=True)
def unlimited_retries(monkeypatch):
    """Unlimited retries: there are more failpoints than retries."""
    monkeypatch.setattr(deliveries, "BACKOFF", UNLIMITED_BACKOFF)
    with_unlimited_retries(ORDER_TO_CASH)
    yield
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH


def place_order(card):
    return lambda: dispatch_once(ordered(card), actor=BUYER, key="order 1")


@pytest.mark.exhaustive("a crash at every statement", inside=True)
@pytest.mark.parametrize(
    ("card", "ends", "run_state"),
    [
        ("tok_ok", "completed", "done"),
        ("tok_declined", "cancelled", "compensated"),
    ],
)
def test_an_order_that_crashes_ends_in_the_same_state(sample, shop, card, ends, run_state):
    placed = crash_everywhere(
        place_order(card), after_each=assert_consistent, stride=sample.stride(MAX_STRIDE)
    )
    deaths = crash_everywhere(
        lambda: settle(impatient=True),
        progress=committed_rows,
        after_each=assert_consistent,
        stride=sample.stride(MAX_STRIDE),
    )

    assert placed > sample.at_least(8, MAX_STRIDE)
    assert deaths > sample.at_least(300, MAX_STRIDE)
    assert Order.objects.get().state == ends
    assert Run.objects.get().state == run_state
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
def test_an_order_whose_first_step_always_crashes_ends(sample, shop):
    """Every worker crashes at the same failpoint of the step until its retries are used up; for each failpoint."""
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH
    failed, stride = 0, sample.stride(MAX_STRIDE)
    for crash_point in accumulate(iter(stride, None)):
        order = dispatch(ordered(BOLT=1), actor=BUYER)
        with unit_of_work():
            run = begin(ORDER_TO_CASH, data_of(order), subject=order.subject)
        for _ in range(CRASHES):
            crash(crash_point, lambda run=run: advance(run.pk))
        was_done = run.log_entries.filter(kind="done", step="confirm order").exists()
        settle(impatient=True)

        order.refresh_from_db()
        assert order.state in ("completed", "cancelled")
        failed += "worker was lost" in order.why
        if was_done:
            break

    assert failed > sample.at_least(10, MAX_STRIDE)
    assert queries.reconcile() == []


CRASHES = 6
"""Crashes: enough to use up the retries of the step, and fewer than those of its compensation."""


def crash(crash_point, work):
    with suppress(Killed), armed(crash_point):
        work()


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_refund_is_made_once(sample, shop):
    order = dispatch(ordered(), actor=BUYER)
    settle()
    refund = RefundOrder(
        order_id=order.pk, amount=Decimal("2.00"), reason="Damaged item.", reference="damaged"
    )

    crash_everywhere(
        lambda: dispatch_once(refund, actor=BUYER, key="refund 1"), stride=sample.stride(MAX_STRIDE)
    )
    crash_everywhere(
        lambda: settle(impatient=True),
        progress=committed_rows,
        after_each=assert_consistent,
        stride=sample.stride(MAX_STRIDE),
    )

    refund = Refund.objects.get()
    assert refund.sent_at is not None
    assert Payment.objects.get().refunded_minor == refund.amount_minor == 200
    assert queries.reconcile() == []
    assert [f"{balances()[code]:.2f}" for code in ("1000", "1100")] == ["4.50", "0.00"]
