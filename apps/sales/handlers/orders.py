"""Orders. The saga (sagas.py) processes a placed order; every handler here is idempotent."""

from __future__ import annotations

from apps.bus import dispatch, handles
from apps.events import publish
from apps.kernel.actors import acting, actor_label
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.payments import rules as payments
from apps.payments.commands import RefundPayment
from apps.payments.models import Refund
from apps.sales import rules
from apps.sales.commands import (
    CancelOrder,
    CompleteOrder,
    ConfirmOrder,
    MarkOrderPaid,
    PlaceOrder,
    RefundOrder,
)
from apps.sales.errors import ReasonMissing
from apps.sales.events import OrderCancelled, OrderCompleted, OrderCreated
from apps.sales.models import Order, OrderLine

State = Order.State


@handles(PlaceOrder, emits=(OrderCreated,))
def place_order(command: PlaceOrder) -> Order:
    with together() as validation:
        customer = validation.check(rules.customer_must_take_orders, command.customer)
        lines = validation.check(rules.order_must_be_valid, command.lines, command.currency)
        validation.check(payments.provider_must_be_known, command.provider)
        validation.check(rules.booking_must_be_possible)

    order = Order.objects.create(
        customer=customer,
        currency=command.currency,
        amount_minor=sum(line.quantity * line.price.minor for line in lines),
        provider=command.provider,
        token=command.token,
        placed_at=now(),
        placed_by=actor_label(acting() or "")[:200],
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            line_no=number,
            item=line.item,
            name=line.item.name,
            quantity=line.quantity,
            price_minor=line.price.minor,
        )
        for number, line in enumerate(lines, start=1)
    )

    publish(OrderCreated(order_id=order.pk, customer_id=customer.pk))
    return order


@handles(ConfirmOrder)
def confirm_order(command: ConfirmOrder) -> Order:
    return _move(command.order_id, State.PLACED, State.CONFIRMED)


@handles(MarkOrderPaid)
def mark_order_paid(command: MarkOrderPaid) -> Order:
    return _move(command.order_id, State.CONFIRMED, State.PAID)


@handles(CompleteOrder, emits=(OrderCompleted,))
def complete_order(command: CompleteOrder) -> Order:
    was_completed = Order.objects.filter(pk=command.order_id, state=State.COMPLETED).exists()
    order = _move(command.order_id, State.INVOICED, State.COMPLETED)

    if not was_completed:
        publish(OrderCompleted(order_id=order.pk))
    return order


@handles(CancelOrder, emits=(OrderCancelled,))
def cancel_order(command: CancelOrder) -> Order:
    order = rules.order_must_exist(command.order_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.order_must_not_be_invoiced, order)
    if order.state == State.CANCELLED:
        return order

    order.move_to(State.CANCELLED, command.reason)

    publish(OrderCancelled(order_id=order.pk, why=command.reason))
    return order


@handles(RefundOrder)
def refund_order(command: RefundOrder) -> Refund:
    order = rules.order_must_exist(command.order_id)
    payment = rules.order_must_have_been_paid(order)
    rules.booking_must_be_possible()

    refund: Refund = dispatch(
        RefundPayment(
            payment_id=payment.pk,
            amount=command.amount,
            reason=command.reason,
            reference=command.reference,
        )
    )
    return refund


def _move(order_id: int, needed: Order.State, to: Order.State) -> Order:
    """Makes the transition, unless the order made it before."""
    order = rules.order_must_exist(order_id)
    if order.has_reached(to):
        return order
    rules.order_must_be(order, needed)

    order.move_to(to)
    return order
