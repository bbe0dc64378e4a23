"""Queries of sales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Max

from apps.inventory import queries as inventory
from apps.inventory.models import Reservation
from apps.kernel.files.store import files
from apps.kernel.money import Money, currency
from apps.kernel.notation import is_whole_number
from apps.payments import queries as payments
from apps.payments.models import Payment, Refund
from apps.sagas.models import Run
from apps.settings import queries as settings_queries

from .errors import OrderIsCancelled, OrderUnknown
from .models import Invoice, Order
from .setting_definitions import REFUNDS, REVENUE


def revenue_account() -> str:
    """The code of the account that invoices are posted to."""
    return settings_queries.value(REVENUE)


def refunds_account() -> str:
    """The code of the account that refunds of sales are posted to."""
    return settings_queries.value(REFUNDS)


def order(order_id: int) -> Order:
    """The order, with its customer and lines prefetched. Raises OrderUnknown."""
    row = Order.objects.select_related("customer").prefetch_related("lines__item").filter(pk=order_id).first()
    if row is None:
        raise OrderUnknown(order_id=order_id)
    return row


def order_of(subject: str) -> Order | None:
    """The order with the reference `subject`, such as "order:12"; None for any other reference."""
    kind, _, number = subject.partition(":")
    return (
        Order.objects.filter(pk=int(number)).first() if kind == "order" and is_whole_number(number) else None
    )


def is_paid(order_id: int, payment_id: int) -> bool:
    """True once the order's payment is confirmed, False while it is outstanding. Raises the refusal with the reason
    if the order will not be paid."""
    unpaid = order(order_id)
    if unpaid.state == Order.State.CANCELLED:
        raise OrderIsCancelled(order=unpaid, why=unpaid.why)
    return payments.is_confirmed(payment_id)


def failed_documents() -> int:
    """The number of invoices whose document failed."""
    return Invoice.objects.filter(state=Invoice.State.FAILED).count()


@dataclass(frozen=True)
class Figures:
    """The number of orders in progress, and the total invoiced this year in each currency."""

    in_progress: int
    invoiced: Sequence[Money]


def figures(year: int) -> Figures:
    sums: dict[str, int] = {}
    for iso, minor in Invoice.objects.filter(year=year).values_list("currency", "amount_minor"):
        sums[iso] = sums.get(iso, 0) + minor
    return Figures(
        in_progress=Order.objects.filter(state__in=Order.IN_PROGRESS).count(),
        invoiced=[Money(minor, currency(iso)) for iso, minor in sorted(sums.items())],
    )


# Reconciliation


Difference = payments.Difference


def reconcile() -> list[str]:
    """Every disagreement between orders, invoices, payments, refunds, stock and ledger, as sentences; an empty list
    means that all agree. An order in progress is compared by its state."""
    return [
        *(str(difference) for difference in inventory.reconcile()),
        *(str(difference) for difference in payments.reconcile()),
        *(str(difference) for difference in _orders()),
        *(str(difference) for difference in _invoices_and_entries()),
        *(str(difference) for difference in _credits_and_entries()),
        *(str(difference) for difference in _numbers()),
        *(str(difference) for difference in _documents()),
        *_unsettled(),
    ]


def _orders() -> list[Difference]:
    differences = []
    invoices = {invoice.order_id: invoice for invoice in Invoice.objects.all()}
    reservations = {
        reservation.reference: reservation
        for reservation in Reservation.objects.prefetch_related("lines__item")
    }
    payments_of: dict[str, list[Payment]] = {}
    for payment in Payment.objects.order_by("id"):
        payments_of.setdefault(payment.reference, []).append(payment)
    for order in Order.objects.prefetch_related("lines__item").order_by("id"):
        differences += _order(
            order, invoices.get(order.pk), reservations.get(order.subject), payments_of.get(order.subject, [])
        )
    return differences


Check = tuple[str, object, object]
"""Subject, actual value, expected value."""


def _order(
    order: Order, invoice: Invoice | None, reservation: Reservation | None, paid: Sequence[Payment]
) -> list[Difference]:
    checks = [
        *_amounts(order, invoice),
        *_reserved(order, reservation),
        *_received(order, paid),
        *_delivered(order, reservation),
    ]
    return [
        Difference(f"{subject} of order {order}", str(actual), str(expected))
        for subject, actual, expected in checks
        if actual != expected
    ]


def _amounts(order: Order, invoice: Invoice | None) -> Iterator[Check]:
    invoiced = order.amount_minor if order.has_reached(_INVOICED) else None
    yield "total", order.amount_minor, sum(line.total.minor for line in order.lines.all())
    yield "invoice", invoice.amount_minor if invoice else None, invoiced


def _reserved(order: Order, reservation: Reservation | None) -> Iterator[Check]:
    if reservation:
        reserved = sorted((line.item.sku, line.quantity) for line in reservation.lines.all())
        yield "reserved goods", reserved, sorted((line.item.sku, line.quantity) for line in order.lines.all())


def _received(order: Order, paid: Sequence[Payment]) -> Iterator[Check]:
    if order.has_reached(_PAID):
        received = [payment.amount_minor for payment in paid if payment.state == Payment.State.CONFIRMED]
        yield "payments received", received, [order.amount_minor]


def _delivered(order: Order, reservation: Reservation | None) -> Iterator[Check]:
    goods = reservation.state if reservation else "none"
    if order.state == Order.State.COMPLETED:
        yield "goods", goods, "fulfilled"
    elif order.state in (_PAID, _INVOICED):
        yield "goods", goods in ("reserved", "fulfilled"), True


def _unsettled() -> list[str]:
    """Cancelled orders whose saga ended but that still have reserved goods, or an outstanding or unrefunded payment;
    and sagas whose final state contradicts the state of the order."""
    saga_states = dict(Run.objects.exclude(finished_at=None).values_list("subject", "state"))
    ended = [order for order in Order.objects.all() if order.subject in saga_states]
    expected = {Run.State.DONE: Order.State.COMPLETED, Run.State.COMPENSATED: Order.State.CANCELLED}
    subjects = [order.subject for order in ended if order.state == Order.State.CANCELLED]
    goods = Reservation.objects.filter(reference__in=subjects).exclude(state=Reservation.State.RELEASED)
    open_payments = (
        Payment.objects.open().filter(reference__in=subjects).exclude(refunded_minor=F("amount_minor"))
    )
    return [
        *(
            f"order {order} is {order.state} and its workflow is {saga_states[order.subject]}"
            for order in ended
            if order.state != expected[Run.State(saga_states[order.subject])]
        ),
        *(
            f"{reservation.reference} is cancelled and its goods are {reservation.state}"
            for reservation in goods
        ),
        *(
            f"{payment.reference} is cancelled and payment {payment.pk} is {payment.state}"
            for payment in open_payments
        ),
    ]


def _invoices_and_entries() -> list[Difference]:
    issued = Invoice.objects.select_related("entry")
    expected = {
        f"invoice_issued:{invoice.order_id}": (invoice.currency, invoice.amount_minor) for invoice in issued
    }
    return payments.posting_differences("invoice_issued:", expected)


def _credits_and_entries() -> list[Difference]:
    """Each refund of an invoiced order is credited against its revenue."""
    invoiced = [f"order:{order_id}" for order_id in Invoice.objects.values_list("order_id", flat=True)]
    refunds = Refund.objects.filter(payment__reference__in=invoiced).select_related("payment")
    wanted = {
        f"refund_credited:{refund.pk}": (refund.payment.currency, refund.amount_minor) for refund in refunds
    }
    return payments.posting_differences("refund_credited:", wanted)


def _numbers() -> list[Difference]:
    """Invoices are numbered from one, without a gap, in each year."""
    return [
        Difference(f"the last invoice of {year}", str(last), str(count))
        for year, last, count in Invoice.objects.order_by()
        .values_list("year")
        .annotate(last=Max("number"), count=Count("id"))
        if last != count
    ]


def _documents() -> list[Difference]:
    """The document of every invoice with a storage key exists in the object store."""
    stored = Invoice.objects.filter(state=Invoice.State.STORED)
    return [
        Difference(f"the document of {invoice}", "missing", invoice.file)
        for invoice in stored
        if document_is_missing(invoice)
    ]


def document_is_missing(invoice: Invoice) -> bool:
    """The invoice has a storage key without a file."""
    return invoice.state == Invoice.State.STORED and not files().exists(invoice.file)


_PAID, _INVOICED = Order.State.PAID, Order.State.INVOICED
