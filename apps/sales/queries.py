"""Questions about sales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Max

from apps.inventory import queries as inventory
from apps.inventory.models import Reservation
from apps.kernel.files import files
from apps.kernel.money import Money, currency
from apps.ledger.models import Entry
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
    """The code of the account of sales that were taken back."""
    return settings_queries.value(REFUNDS)


def order(order_id: int) -> Order:
    """With its customer and lines at hand. Raises OrderUnknown."""
    found = (
        Order.objects.select_related("customer").prefetch_related("lines__item").filter(pk=order_id).first()
    )
    if found is None:
        raise OrderUnknown(order_id=order_id)
    return found


def order_of(subject: str) -> Order | None:
    """The order that others know as "order:12"."""
    kind, _, number = subject.partition(":")
    return Order.objects.filter(pk=int(number)).first() if kind == "order" and number.isdecimal() else None


def is_paid(order_id: int, payment_id: int) -> bool:
    """True when the order's payment has come, False while it is waited for. Raises the refusal that says why the
    order will not be paid."""
    waiting = order(order_id)
    if waiting.state == Order.State.CANCELLED:
        raise OrderIsCancelled(order=waiting, why=waiting.why)
    return payments.is_confirmed(payment_id)


@dataclass(frozen=True)
class RelatedRecords:
    """All that came of an order, in every app."""

    order: Order
    payments: Sequence[Payment]
    reservation: Reservation | None
    invoice: Invoice | None
    entries: Sequence[Entry]


def related_records(order_id: int) -> RelatedRecords:
    """Raises OrderUnknown."""
    found = order(order_id)
    return RelatedRecords(
        order=found,
        payments=payments.payments_for(found.subject),
        reservation=inventory.reservation_for(found.subject),
        invoice=Invoice.objects.filter(order=found).first(),
        entries=list(Entry.objects.posted().with_numbers().filter(reference=found.subject).order_by("id")),
    )


@dataclass(frozen=True)
class Figures:
    """Orders in numbers: those under way, and the sum of what was invoiced this year in each currency."""

    in_progress: int
    invoiced: Sequence[Money]


def figures(year: int) -> Figures:
    sums: dict[str, int] = {}
    for iso, minor in Invoice.objects.filter(year=year).values_list("currency", "amount_minor"):
        sums[iso] = sums.get(iso, 0) + minor
    return Figures(
        in_progress=Order.objects.exclude(state__in=[Order.State.COMPLETED, Order.State.CANCELLED]).count(),
        invoiced=[Money(minor, currency(iso)) for iso, minor in sorted(sums.items())],
    )


# Reconciling


Difference = payments.Difference


def reconcile() -> list[str]:
    """Every disagreement between orders, invoices, payments, refunds, stock and ledger, as sentences; none means all
    is well. Orders that are under way are judged by how far they are."""
    return [
        *(str(each) for each in inventory.reconcile()),
        *(str(each) for each in payments.reconcile()),
        *(str(order) for order in _orders()),
        *(str(book) for book in _invoices_and_books()),
        *(str(book) for book in _credits_and_books()),
        *(str(number) for number in _numbers()),
        *(str(document) for document in _documents()),
        *_unsettled(),
    ]


def _orders() -> list[Difference]:
    wrong = []
    invoices = {invoice.order_id: invoice for invoice in Invoice.objects.all()}
    held = {
        reservation.reference: reservation
        for reservation in Reservation.objects.prefetch_related("lines__item")
    }
    paid: dict[str, list[Payment]] = {}
    for payment in Payment.objects.order_by("id"):
        paid.setdefault(payment.reference, []).append(payment)
    for order in Order.objects.prefetch_related("lines__item").order_by("id"):
        wrong += _order(order, invoices.get(order.pk), held.get(order.subject), paid.get(order.subject, []))
    return wrong


def _order(
    order: Order, invoice: Invoice | None, held: Reservation | None, paid: Sequence[Payment]
) -> list[Difference]:
    state, goods = order.State(order.state), held.state if held else "none"
    has_come = [each.amount_minor for each in paid if each.state == Payment.State.CONFIRMED]
    checks: list[tuple[str, object, object]] = [
        ("total", order.amount_minor, sum(line.total.minor for line in order.lines.all())),
        (
            "invoice",
            invoice.amount_minor if invoice else None,
            order.amount_minor if order.has_reached(_INVOICED) else None,
        ),
    ]
    if held:
        checks.append(
            (
                "reserved goods",
                sorted((line.item.sku, line.quantity) for line in held.lines.all()),
                sorted((line.item.sku, line.quantity) for line in order.lines.all()),
            )
        )
    if order.has_reached(_PAID):
        checks.append(("money that has come", has_come, [order.amount_minor]))
    if state == order.State.COMPLETED:
        checks.append(("goods", goods, "fulfilled"))
    elif state in (_PAID, _INVOICED):
        checks.append(("goods", goods in ("reserved", "fulfilled"), True))
    return [
        Difference(f"{what} of order {order}", str(actual), str(should_be))
        for what, actual, should_be in checks
        if actual != should_be
    ]


def _unsettled() -> list[str]:
    """What a cancelled order still keeps when its journey has ended: its goods, a payment that is waited for, money
    that was not given back. And journeys that have ended elsewhere than their orders."""
    journeys = dict(Run.objects.exclude(ended_at=None).values_list("subject", "state"))
    ended = [order for order in Order.objects.all() if order.subject in journeys]
    where = {Run.State.DONE: Order.State.COMPLETED, Run.State.COMPENSATED: Order.State.CANCELLED}
    subjects = [each.subject for each in ended if each.state == Order.State.CANCELLED]
    goods = Reservation.objects.filter(reference__in=subjects).exclude(state=Reservation.State.RELEASED)
    asked = Payment.objects.open().filter(reference__in=subjects).exclude(refunded_minor=F("amount_minor"))
    return [
        *(
            f"order {each} is {each.state} and its journey is {journeys[each.subject]}"
            for each in ended
            if each.state != where[Run.State(journeys[each.subject])]
        ),
        *(f"{good.reference} is cancelled and its goods are {good.state}" for good in goods),
        *(f"{each.reference} is cancelled and payment {each.pk} is {each.state}" for each in asked),
    ]


def _invoices_and_books() -> list[Difference]:
    issued = Invoice.objects.select_related("entry")
    wanted = {f"invoice_issued:{each.order_id}": (each.currency, each.amount_minor) for each in issued}
    return payments.posting_differences("invoice_issued:", wanted)


def _credits_and_books() -> list[Difference]:
    """A refund of an invoiced order is taken off its sale."""
    invoiced = [f"order:{each}" for each in Invoice.objects.values_list("order_id", flat=True)]
    refunds = Refund.objects.filter(payment__reference__in=invoiced).select_related("payment")
    wanted = {
        f"refund_credited:{refund.pk}": (refund.payment.currency, refund.amount_minor) for refund in refunds
    }
    return payments.posting_differences("refund_credited:", wanted)


def _numbers() -> list[Difference]:
    """Invoices are numbered from one, without a gap."""
    return [
        Difference(f"the last invoice of {year}", str(last), str(count))
        for year, last, count in Invoice.objects.order_by()
        .values_list("year")
        .annotate(last=Max("number"), count=Count("id"))
        if last != count
    ]


def _documents() -> list[Difference]:
    """What is filed is in the store."""
    filed = Invoice.objects.filter(state=Invoice.State.STORED)
    return [
        Difference(f"the document of {each}", "missing", each.file)
        for each in filed
        if not files().exists(each.file)
    ]


_PAID, _INVOICED = Order.State.PAID, Order.State.INVOICED
