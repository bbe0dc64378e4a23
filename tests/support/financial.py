"""The commands that move money or goods, as the registry knows them, and for each a case in which it is asked.

A case runs in the shop (tests/support/shop.py), prepares the data of its command, and returns the command. It may run
more than once: `mark` makes the runs distinct.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from apps.bus import Command, dispatch
from apps.bus.registry import commands
from apps.inventory.commands import FulfilReservation, ItemQuantity, ReleaseStock, ReserveStock
from apps.kernel.actors import System
from apps.ledger.commands import BookEntry, DraftEntry, ImportJournal, PostDraft, PostEntry, ReverseEntry
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    FailPayment,
    NoteCreditRefundSent,
    NoteRefundSent,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
    VoidPayment,
)
from apps.sales.commands import (
    CancelOrder,
    CompleteOrder,
    ConfirmOrder,
    CreditRefunds,
    IssueInvoice,
    MarkOrderPaid,
    PlaceOrder,
    RefundOrder,
)
from tests.support.books import JAN_9, sale
from tests.support.shop import ordered

C = TypeVar("C", bound=Command)
CLERK = System("clerk")
WHY = "Requested by telephone."
CASES: dict[type[Command], Callable[[str], Command]] = {}


def financial() -> list[type[Command]]:
    declared = (command for command in commands() if command.__module__.startswith("apps."))
    return [command for command in declared if command.moves_money or command.queue == "financial"]


def case(function: Callable[[str], C]) -> Callable[[str], C]:
    shape: Any = function.__annotations__["return"]
    CASES[globals()[shape]] = function
    return function


def do(command: Command) -> Any:
    return dispatch(command, actor=CLERK)


# Books


@case
def post_entry(mark: str) -> PostEntry:
    return replace(sale(), memo=mark, source=f"sale:{mark}")


@case
def book_entry(mark: str) -> BookEntry:
    return BookEntry(occurred_on=JAN_9, memo=mark, source=f"booked:{mark}", lines=sale().lines)


@case
def post_draft(mark: str) -> PostDraft:
    draft = do(DraftEntry(posted_on=JAN_9, memo=mark, lines=sale().lines))
    return PostDraft(entry_id=draft.pk)


@case
def reverse_entry(mark: str) -> ReverseEntry:
    return ReverseEntry(entry_id=do(post_entry(mark)).pk, posted_on=JAN_9, reason=WHY)


@case
def import_journal(mark: str) -> ImportJournal:
    """Two entries, a chart to open first and an account that is opened by its name."""
    journal = (
        "entry_no,date,payee,narration,line_no,account,currency,amount\n"
        f"A{mark},{JAN_9},Ann,{mark},1,6{mark},USD,12.50\nA{mark},{JAN_9},Ann,{mark},2,1000,USD,-12.50\n"
        f"B{mark},{JAN_9},Bob,{mark},1,Expenses:{mark},USD,2.00\nB{mark},{JAN_9},Bob,{mark},2,1000,USD,-2.00\n"
    )
    chart = f"code,name,type\n6{mark},Lunch {mark},expense\n"
    return ImportJournal(name=f"{mark}.csv", journal=journal, accounts=chart, create_accounts=True)


# Goods


@case
def reserve_stock(mark: str) -> ReserveStock:
    return ReserveStock(reference=f"fair:{mark}", lines=(ItemQuantity("BOLT", 1), ItemQuantity("NUT", 1)))


@case
def release_stock(mark: str) -> ReleaseStock:
    return ReleaseStock(reservation_id=do(reserve_stock(mark)).pk, reason=WHY)


@case
def fulfil_reservation(mark: str) -> FulfilReservation:
    return FulfilReservation(reservation_id=do(reserve_stock(mark)).pk)


# Payments


@case
def request_payment(mark: str) -> RequestPayment:
    return RequestPayment(reference=f"fair:{mark}", amount=Decimal("6.50"), currency="USD")


@case
def confirm_payment(mark: str) -> ConfirmPayment:
    return _confirmed(do(request_payment(mark)).pk, mark)


@case
def fail_payment(mark: str) -> FailPayment:
    return FailPayment(payment_id=do(request_payment(mark)).pk, reason=WHY)


@case
def void_payment(mark: str) -> VoidPayment:
    """The payment is confirmed already, so the command refunds it."""
    return VoidPayment(payment_id=do(confirm_payment(mark)).pk, reason=WHY)


@case
def refund_payment(mark: str) -> RefundPayment:
    paid = do(confirm_payment(mark))
    return RefundPayment(payment_id=paid.pk, amount=Decimal(2), reason=WHY, reference=mark)


@case
def note_refund_sent(mark: str) -> NoteRefundSent:
    return NoteRefundSent(refund_id=do(refund_payment(mark)).pk, provider_refund_id=f"re_{mark}")


@case
def receive_transfer(mark: str) -> ReceiveTransfer:
    """It covers its payment together with an earlier one, and leaves a rest."""
    do(request_payment(mark))
    do(_transfer(mark, "4", "first"))
    return _transfer(mark, "4", "second")


@case
def apply_credit(mark: str) -> ApplyCredit:
    credit = do(replace(_transfer(mark, "10", "only"), reference=""))
    return ApplyCredit(credit_id=credit.pk, payment_id=do(request_payment(mark)).pk)


@case
def refund_credit(mark: str) -> RefundCredit:
    credit = do(_transfer(mark, "10", "only"))
    return RefundCredit(credit_id=credit.pk, amount=Decimal(3), reason=WHY, reference=mark)


@case
def note_credit_refund_sent(mark: str) -> NoteCreditRefundSent:
    return NoteCreditRefundSent(refund_id=do(refund_credit(mark)).pk, provider_refund_id=f"re_{mark}")


def _transfer(mark: str, amount: str, number: str) -> ReceiveTransfer:
    return ReceiveTransfer(
        amount=Decimal(amount),
        currency="USD",
        provider_payment_id=f"{number} {mark}",
        reference=f"fair:{mark}",
    )


def _confirmed(payment_id: int, mark: str) -> ConfirmPayment:
    return ConfirmPayment(payment_id=payment_id, provider_payment_id=f"bank {mark}")


# Sales


@case
def place_order(mark: str) -> PlaceOrder:
    return ordered(mark, BOLT=1)


@case
def confirm_order(mark: str) -> ConfirmOrder:
    return ConfirmOrder(order_id=do(place_order(mark)).pk)


@case
def cancel_order(mark: str) -> CancelOrder:
    return CancelOrder(order_id=do(confirm_order(mark)).pk, reason=WHY)


@case
def mark_order_paid(mark: str) -> MarkOrderPaid:
    order = do(confirm_order(mark))
    request = RequestPayment(reference=order.subject, amount=order.total.amount, currency=order.currency)
    do(_confirmed(do(request).pk, mark))
    return MarkOrderPaid(order_id=order.pk)


@case
def issue_invoice(mark: str) -> IssueInvoice:
    return IssueInvoice(order_id=do(mark_order_paid(mark)).pk)


@case
def complete_order(mark: str) -> CompleteOrder:
    return CompleteOrder(order_id=do(issue_invoice(mark)).order_id)


@case
def refund_order(mark: str) -> RefundOrder:
    order = do(complete_order(mark))
    return RefundOrder(order_id=order.pk, amount=Decimal(1), reason=WHY, reference=mark)


@case
def credit_refunds(mark: str) -> CreditRefunds:
    refund = refund_order(mark)
    do(refund)
    return CreditRefunds(order_id=refund.order_id)
