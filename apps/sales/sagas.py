"""The saga from order to cash: sales → inventory → payments → ledger, with the compensation of each step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from apps.inventory.commands import FulfilReservation, ItemQuantity, ReleaseStock, ReserveStock
from apps.payments.commands import RequestPayment, VoidPayment
from apps.sagas import queries as sagas
from apps.sagas.declaration import Saga
from apps.sagas.steps import NO_COMPENSATION, Step, Trigger, Wait

from . import queries
from .commands import CancelOrder, CompleteOrder, ConfirmOrder, IssueInvoice, MarkOrderPaid
from .models import ORDER_TO_CASH_NAME, Order


@dataclass(frozen=True)
class OrderToCash:
    """The data of the saga. An id is zero until its step is done."""

    order_id: int
    lines: tuple[ItemQuantity, ...]
    amount: Decimal
    currency: str
    provider: str
    token: str
    reservation_id: int = 0
    payment_id: int = 0

    @property
    def reference(self) -> str:
        """The reference of the order in inventory, payments and the saga."""
        return f"order:{self.order_id}"


def data_of(order: Order) -> OrderToCash:
    return OrderToCash(
        order_id=order.pk,
        lines=tuple(
            ItemQuantity(line.item.sku, line.quantity) for line in order.lines.select_related("item")
        ),
        amount=order.total.amount,
        currency=order.currency,
        provider=order.provider,
        token=order.token,
    )


def cancellation_reason(data: OrderToCash) -> str:
    """The reason of the compensation, for the commands that compensate."""
    run = sagas.run_of(ORDER_TO_CASH, data.reference)
    return run.last_error if run and run.last_error else "The order was not completed."


ORDER_TO_CASH = Saga(
    name=ORDER_TO_CASH_NAME,
    title=_("Order to cash"),
    data=OrderToCash,
    queue="financial",
    deadline=dt.timedelta(days=30),
    trigger=Trigger(
        "place order", compensation=lambda d: CancelOrder(order_id=d.order_id, reason=cancellation_reason(d))
    ),
    steps=(
        Step("confirm order", lambda d: ConfirmOrder(order_id=d.order_id), compensation=NO_COMPENSATION),
        Step(
            "reserve stock",
            lambda d: ReserveStock(reference=d.reference, lines=d.lines),
            compensation=lambda d: ReleaseStock(
                reservation_id=d.reservation_id, reason=cancellation_reason(d)
            ),
            carry=lambda d, reservation: replace(d, reservation_id=reservation.pk),
        ),
        Step(
            "request payment",
            lambda d: RequestPayment(
                reference=d.reference,
                amount=d.amount,
                currency=d.currency,
                provider=d.provider,
                token=d.token,
            ),
            compensation=lambda d: VoidPayment(payment_id=d.payment_id, reason=cancellation_reason(d)),
            carry=lambda d, payment: replace(d, payment_id=payment.pk),
        ),
        Wait(
            "payment",
            until=lambda d: queries.is_paid(d.order_id, d.payment_id),
            timeout=dt.timedelta(days=14),
        ),
        Step("mark order paid", lambda d: MarkOrderPaid(order_id=d.order_id), compensation=NO_COMPENSATION),
        Step("issue invoice", lambda d: IssueInvoice(order_id=d.order_id), pivot=True),
        Step("ship goods", lambda d: FulfilReservation(reservation_id=d.reservation_id)),
        Step("complete order", lambda d: CompleteOrder(order_id=d.order_id)),
    ),
)
