"""Two workers have the same delivery at the same time; the first crashes at each failpoint visible to the other, and
the delivery is repeated: a command takes effect once, and a saga ends in the same state.

Controls: two common but incorrect implementations are detected."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.sending import dispatch_async
from apps.events import deliveries
from apps.events.deliveries import deliver
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route
from apps.inventory import queries as inventory
from apps.inventory.commands import FulfilReservation, ReceiveStock, ReleaseStock, ReserveStock
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments import queries as payments
from apps.payments.commands import RequestPayment
from apps.payments.models import Payment, SandboxOperation
from apps.sagas import executor
from apps.sagas.declaration import SAGAS
from apps.sagas.models import Run
from apps.sales import queries as sales
from apps.sales.commands import CancelOrder, CompleteOrder, ConfirmOrder, IssueInvoice, MarkOrderPaid
from apps.sales.sagas import ORDER_TO_CASH
from tests.support.failpoints import MAX_POINTS, MAX_STRIDE, Killed, armed, transaction_ends, writes_or_locks
from tests.support.financial import CASES, CLERK, financial
from tests.support.second_worker import second_worker
from tests.support.settling import due, settle, tenant_of
from tests.support.shop import ordered
from tests.support.unlimited_retries import UNLIMITED_BACKOFF, with_unlimited_retries
from tests.support.wrong_ways import WAYS


@pytest.fixture(autouse=True)
def unlimited_retries(monkeypatch):
    """Unlimited retries."""
    monkeypatch.setattr(deliveries, "BACKOFF", UNLIMITED_BACKOFF)


@pytest.fixture
def second(shop, acme):
    """A second worker, with stock for all orders."""
    for sku in ("BOLT", "NUT"):
        dispatch(ReceiveStock(sku=sku, quantity=1_000), actor=CLERK)
    with second_worker(acme) as second:
        yield second


# Commands

STEPS = (
    ConfirmOrder,
    ReserveStock,
    ReleaseStock,
    RequestPayment,
    MarkOrderPaid,
    IssueInvoice,
    FulfilReservation,
    CompleteOrder,
    CancelOrder,
)
"""Steps of the saga, which has a test of its own below."""


@pytest.fixture
def rows(acme, db):
    """Row counts of all tables of the tenant except the audit log, which also records repeated requests; and the
    number of events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('SELECT %%L, count(*) FROM %%I.%%I', relname, nspname, relname),"
            " ' UNION ALL ') FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = %s AND relkind = 'r' AND relname NOT LIKE 'audit%%'",
            [acme.schema],
        )
        (statement,) = cursor.fetchone()

    def rows():
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return Counter({**dict(cursor.fetchall()), "events": OutboxEvent.objects.count()})

    return rows


class Sent:
    """A command sent to a worker, with the row counts before its execution."""

    def __init__(self, shape, mark, rows):
        self.command, self.rows = CASES[shape](mark), rows
        dispatch_async(self.command, actor=CLERK, key=mark)
        route()
        self.pk = Delivery.objects.filter(subscriber="bus.execute_command").latest("id").pk
        self.before, self.times = rows(), done(self.command)

    def deliver(self):
        return deliver(self.pk)

    @property
    def is_done(self):
        return Delivery.objects.get(pk=self.pk).status == "done"

    def grown(self):
        """The growth of the row counts after one execution."""
        assert done(self.command) == self.times + 1
        return self.rows() - self.before


def done(command):
    return Record.objects.filter(command=command.command_name(), outcome="done").count()


@pytest.mark.parametrize(
    "shape",
    [command for command in financial() if command not in STEPS],
    ids=lambda shape: shape.command_name(),
)
@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_command_takes_effect_once(sample, shape, rows, second):
    for mark in ("1", "2"):  # the first one may create an account or a number range
        usual = Sent(shape, mark, rows)
        assert usual.deliver()
    grows, number, survived = usual.grown(), 2, False
    stride, crash_point = sample.stride(MAX_STRIDE), 0

    while not survived:
        number, sent = number + 1, Sent(shape, str(number + 1), rows)
        while not (survived or sent.is_done):
            crash_point += stride()
            survived = survives(crash_point, sent.deliver, partial(second.comes, sent.deliver))
            second.ends()
        assert sent.deliver()
        assert sent.grown() == grows

    assert second.came > sample.at_least(9, MAX_STRIDE)
    assert [*inventory.reconcile(), *payments.reconcile()] == []


def survives(crash_point, work, meanwhile):
    with suppress(Killed), armed(crash_point, before=writes_or_locks, meanwhile=meanwhile):
        work()
        return True
    return False


@pytest.mark.parametrize(
    ("wrong", "lost", "doubled"), [("key_first", True, False), ("work_first", False, True)]
)
def test_control_incorrect_implementations_are_detected(scratch, acme, wrong, lost, doubled):
    """The work is repeated in a second worker."""
    implementation, counts, number, survived = WAYS[wrong], Counter(), 0, False
    with second_worker(acme) as second:
        while not survived:
            number += 1
            work = partial(implementation, f"key {number}")
            survived = survives(number, work, partial(second.comes, work))
            second.ends()
            work()
            counts[Entry.objects.filter(memo=f"key {number}").count()] += 1

    assert (counts[0] > 0, counts[2] > 0) == (lost, doubled)


# Sagas


@pytest.fixture
def strides(monkeypatch, sample):
    """The first worker crashes before its second transition at the latest, so that each step starts in a new worker."""
    strides = Strides(sample.stride(MAX_STRIDE))
    original = executor._advance_once

    def advance_once(run_id, *, resumed):
        strides.before_transition()
        return original(run_id, resumed=resumed)

    monkeypatch.setattr(executor, "_advance_once", advance_once)
    with_unlimited_retries(ORDER_TO_CASH)
    yield strides
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH


class Strides:
    """The failpoints passed for each kind of delivery: of listeners, and of each step of the saga."""

    def __init__(self, stride):
        self.stride, self.passed, self.points, self.transitions = stride, Counter(), None, 0

    def before_transition(self):
        if self.points and self.points.is_mine:
            self.transitions += 1
            if self.transitions > 1:
                self.points.die()

    def take(self, kind, work, meanwhile):
        """Crash at the next failpoint of this kind. Returns False when there is none left."""
        self.transitions, crash_point = 0, self.passed[kind] + self.stride()
        with (
            suppress(Killed),
            armed(crash_point, before=transaction_ends, meanwhile=meanwhile) as self.points,
        ):
            work()
        self.points, points = None, self.points
        has_crashed = points.passed >= crash_point
        self.passed[kind] = crash_point if has_crashed else MAX_POINTS
        return has_crashed


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_saga_in_two_workers_ends_in_the_same_state(sample, shop, second, strides):
    """The second worker has another event for the same run, and advances it as well."""
    settle()
    for card, ends in (("tok_ok", "completed"), ("tok_declined", "cancelled")):
        deaths = 1
        while deaths:
            order = dispatch(ordered(card, BOLT=1), actor=CLERK)
            deaths = deliver_with_crashes(card, second, strides)
            order.refresh_from_db()
            assert order.state == ends

    assert second.came > sample.at_least(100, MAX_STRIDE)
    assert second.waited > sample.at_least(10, MAX_STRIDE)
    assert sales.reconcile() == []
    assert {step.command_name() for step in STEPS} <= set(Record.objects.values_list("command", flat=True))
    assert not Run.objects.in_progress().exists()
    assert SandboxOperation.objects.count() == Payment.objects.count()


def deliver_with_crashes(card, second, strides):
    """Returns the number of crashes of the first worker."""
    deaths = 0
    while route() or due(impatient=True):
        for delivery in due(impatient=True):
            work = partial(deliver_to, delivery)
            deaths += strides.take(
                kind_of(delivery, card), work, partial(second.comes, partial(work, advance_runs=True))
            )
            second.ends()
    return deaths


def deliver_to(delivery, advance_runs=False):
    with activate(tenant_of(delivery)):
        deliver(delivery.pk)
        for run in Run.objects.in_progress() if advance_runs else ():
            executor._advance_once(run.pk, resumed=True)


def kind_of(delivery, card):
    if not delivery.subscriber.startswith("sagas."):
        return delivery.subscriber, card
    with activate(tenant_of(delivery)):
        run = Run.objects.get(pk=OutboxEvent.objects.get(pk=delivery.event_id).payload["run_id"])
    return delivery.subscriber, run.step, run.direction
