"""Two workers have the same delivery at the same time, the first crashes, at each point that the other could notice,
while the other is at it, and it is delivered again: it is done once, and a journey ends where it would have ended.

Two usual ways that are not right are seen to lose and to double."""

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
from apps.sagas import SAGAS, executor
from apps.sagas.models import Run
from apps.sales import queries as sales
from apps.sales.commands import CancelOrder, CompleteOrder, ConfirmOrder, IssueInvoice, MarkOrderPaid
from apps.sales.sagas import ORDER_TO_CASH
from tests.support.failpoints import LONGEST_STRIDE, MOST, Killed, armed, at_ends, noticed
from tests.support.financial import CASES, CLERK, financial
from tests.support.patience import EVER, patient
from tests.support.second_worker import second_worker
from tests.support.settling import due, settle, tenant_of
from tests.support.shop import ordered
from tests.support.wrong_ways import WAYS


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """However often a worker is lost, it is tried again."""
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", EVER)


@pytest.fixture
def second(shop, acme):
    """And goods for all that is tried."""
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
"""They are crashed on the journey."""


@pytest.fixture
def rows(acme, db):
    """How many each table of the tenant has but the audit log, which tells that somebody asked again; and what was
    told."""
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
            return Counter({**dict(cursor.fetchall()), "told": OutboxEvent.objects.count()})

    return rows


class Sent:
    """A command on its way to a worker, and what there was before it is done."""

    def __init__(self, shape, mark, rows):
        self.command, self.rows = CASES[shape](mark), rows
        dispatch_async(self.command, actor=CLERK, key=mark)
        route()
        self.pk = Delivery.objects.filter(subscriber__startswith="bus.do_").latest("id").pk
        self.before, self.times = rows(), done(self.command)

    def heard(self):
        return deliver(self.pk)

    @property
    def is_done(self):
        return Delivery.objects.get(pk=self.pk).status == "done"

    def grown(self):
        """What there is more, now that it is done once."""
        assert done(self.command) == self.times + 1
        return self.rows() - self.before


def done(command):
    return Record.objects.filter(command=command.command_name(), outcome="done").count()


@pytest.mark.parametrize(
    "shape", [each for each in financial() if each not in STEPS], ids=lambda shape: shape.command_name()
)
@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_command_is_done_once(sample, shape, rows, second):
    for mark in ("1", "2"):  # the first one may open an account, or a number range
        usual = Sent(shape, mark, rows)
        assert usual.heard()
    grows, number, survived = usual.grown(), 2, False
    stride, dies_at = sample.stride(LONGEST_STRIDE), 0

    while not survived:
        number, sent = number + 1, Sent(shape, str(number + 1), rows)
        while not (survived or sent.is_done):
            dies_at += stride()
            survived = lives(dies_at, sent.heard, partial(second.comes, sent.heard))
            second.ends()
        assert sent.heard()
        assert sent.grown() == grows

    assert second.came > sample.at_least(9, LONGEST_STRIDE)
    assert [*inventory.reconcile(), *payments.reconcile()] == []


def lives(dies_at, doing, meanwhile):
    with suppress(Killed), armed(dies_at, before=noticed, meanwhile=meanwhile):
        doing()
        return True
    return False


@pytest.mark.parametrize(
    ("wrong", "lost", "doubled"), [("key_first", True, False), ("work_first", False, True)]
)
def test_the_usual_ways_lose_or_double(scratch, acme, wrong, lost, doubled):
    """The control."""
    way, counts, number, survived = WAYS[wrong], Counter(), 0, False
    with second_worker(acme) as second:
        while not survived:
            number += 1
            work = partial(way, f"key {number}")
            survived = lives(number, work, partial(second.comes, work))
            second.ends()
            work()
            counts[Entry.objects.filter(memo=f"key {number}").count()] += 1

    assert (counts[0] > 0, counts[2] > 0) == (lost, doubled)


# A journey


@pytest.fixture
def strides(monkeypatch, sample):
    """The first worker dies before its second move at the latest, so that each step is taken up anew."""
    strides = Strides(sample.stride(LONGEST_STRIDE))
    move = executor._advance_once

    def moving(run_id, *, resumed):
        strides.before_move()
        return move(run_id, resumed=resumed)

    monkeypatch.setattr(executor, "_advance_once", moving)
    patient(ORDER_TO_CASH)
    yield strides
    SAGAS[ORDER_TO_CASH.name] = ORDER_TO_CASH


class Strides:
    """How many points are behind us of each kind of delivery: of the listeners, and of each step of the saga."""

    def __init__(self, stride):
        self.stride, self.passed, self.points, self.moves = stride, Counter(), None, 0

    def before_move(self):
        if self.points and self.points.is_mine:
            self.moves += 1
            if self.moves > 1:
                self.points.die()

    def take(self, kind, doing, meanwhile):
        """Die at the next point of this kind. False when there was none any more."""
        self.moves, dies_at = 0, self.passed[kind] + self.stride()
        with (
            suppress(Killed),
            armed(dies_at, before=at_ends, meanwhile=meanwhile) as self.points,
        ):
            doing()
        self.points, points = None, self.points
        found = points.passed >= dies_at
        self.passed[kind] = dies_at if found else MOST
        return found


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_journey_ends_where_it_would_have_ended(sample, shop, second, strides):
    """The other has also heard, by other news, that the run may go on, and makes its next move."""
    settle()
    for card, ends in (("tok_ok", "completed"), ("tok_declined", "cancelled")):
        deaths = 1
        while deaths:
            order = dispatch(ordered(card, BOLT=1), actor=CLERK)
            deaths = walked(card, second, strides)
            order.refresh_from_db()
            assert order.state == ends

    assert second.came > sample.at_least(100, LONGEST_STRIDE)
    assert second.waited > sample.at_least(10, LONGEST_STRIDE)
    assert sales.reconcile() == []
    assert {step.command_name() for step in STEPS} <= set(Record.objects.values_list("command", flat=True))
    assert not Run.objects.in_progress().exists()
    assert SandboxOperation.objects.count() == Payment.objects.count()


def walked(card, second, strides):
    """Returns how often the first worker died on the way."""
    deaths = 0
    while route() or due(impatient=True):
        for each in due(impatient=True):
            hear = partial(heard, each)
            deaths += strides.take(kind_of(each, card), hear, partial(second.comes, partial(hear, also=True)))
            second.ends()
    return deaths


def heard(delivery, also=False):
    with activate(tenant_of(delivery)):
        deliver(delivery.pk)
        for run in Run.objects.in_progress() if also else ():
            executor._advance_once(run.pk, resumed=True)


def kind_of(delivery, card):
    if not delivery.subscriber.startswith("sagas."):
        return delivery.subscriber, card
    with activate(tenant_of(delivery)):
        run = Run.objects.get(pk=OutboxEvent.objects.get(pk=delivery.event_id).payload["run_id"])
    return delivery.subscriber, run.step, run.direction
