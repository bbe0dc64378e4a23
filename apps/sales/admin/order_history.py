"""The history of an order for its page: its payments, refunds, invoice and the steps that were rolled back, by time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import visibility
from apps.console.related import RelatedTable, page_of
from apps.kernel.money import Money, currency
from apps.kernel.notation.shown import shown_instant
from apps.payments import queries as payments
from apps.payments.models import CreditApplication, Payment
from apps.sagas.models import LogEntry
from apps.sales.models import Invoice, Order

HEADERS = (_("Time"), _("Event"), _("Detail"))
ROLLBACKS = (
    LogEntry.Kind.COMPENSATING,
    LogEntry.Kind.COMPENSATED,
    LogEntry.Kind.STUCK,
    LogEntry.Kind.SKIPPED,
)


@dataclass(frozen=True)
class Event:
    """`detail` links to `page`, unless that is empty."""

    at: dt.datetime
    text: str
    detail: str = ""
    page: str = ""


def history(request: HttpRequest, order: Order) -> RelatedTable:
    events = [
        Event(order.placed_at, gettext("Placed by {actor}").format(actor=order.placed_by), str(order.total))
    ]
    for permission, source in (
        ("payments.view_payment", _payments),
        ("payments.view_credit", _applications),
        ("sales.view_invoice", _invoice),
        ("sagas.view_run", _rollbacks),
    ):
        if visibility.permits(request, permission):
            events += source(order)
    return RelatedTable(
        gettext("History"), HEADERS, [_row(event) for event in sorted(events, key=lambda event: event.at)]
    )


def _row(event: Event) -> Sequence[tuple[str, str]]:
    return (shown_instant(event.at), ""), (event.text, ""), (event.detail, event.page)


def _payments(order: Order) -> Iterator[Event]:
    for payment in payments.payments_for(order.subject):
        page, amount = page_of(payment), str(payment.amount)
        yield Event(payment.requested_at, gettext("Payment requested"), amount, page)
        if payment.confirmed_at:
            yield Event(payment.confirmed_at, gettext("Payment confirmed"), amount, page)
        elif payment.state in (Payment.State.FAILED, Payment.State.VOID):
            state = f"{payment.get_state_display()}: {payment.why}"
            yield Event(payment.requested_at, gettext("Payment ended"), state, page)
        for refund in payment.refunds.all():
            refunded = Money(refund.amount_minor, currency(payment.currency))
            yield Event(refund.requested_at, gettext("Refunded"), f"{refunded}: {refund.reason}", page)
            if refund.sent_at:
                yield Event(refund.sent_at, gettext("Refund sent"), refund.provider_refund_id, page)


def _applications(order: Order) -> Iterator[Event]:
    applied = CreditApplication.objects.filter(payment__reference=order.subject).select_related("credit")
    for application in applied:
        yield Event(
            application.applied_at,
            gettext("Paid from money on account"),
            str(application.amount),
            page_of(application.credit),
        )


def _invoice(order: Order) -> Iterator[Event]:
    for invoice in Invoice.objects.filter(order=order).select_related("entry"):
        at = invoice.entry.posted_at or invoice.entry.created_at
        yield Event(at, gettext("Invoice issued"), str(invoice), page_of(invoice))


def _rollbacks(order: Order) -> Iterator[Event]:
    log = LogEntry.objects.filter(run__subject=order.subject, kind__in=ROLLBACKS)
    for entry in log:
        page = reverse("admin:sagas_run_change", args=[entry.run_id])
        yield Event(entry.at, entry.get_kind_display(), f"{entry.step} {entry.detail}".strip(), page)
