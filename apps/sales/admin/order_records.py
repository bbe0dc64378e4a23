"""The records that belong to an order, for its page: payments, goods, invoice and journal entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from apps.kernel.notation.shown import shown_day
from apps.sales import queries
from apps.sales.models import Invoice, Order

VIEW, CANCEL, REFUND = "sales.view_order", "sales.cancel_order", "sales.refund_order"


def related_parts(request: HttpRequest, order: Order) -> Sequence[dict[str, Any]]:
    """Records of other apps about the order that the user may view: a heading, rows of text and link, and the text
    of an empty list."""
    related = queries.related_records(order.pk)
    parts = (
        (
            "payments.view_payment",
            gettext("Payments"),
            [gettext("Payment"), gettext("Amount"), gettext("State"), gettext("Refunded")],
            _payments(related),
            gettext("No payment was requested yet."),
        ),
        (
            "inventory.view_reservation",
            gettext("Goods"),
            [gettext("Reservation"), gettext("Goods"), gettext("State")],
            _goods(related),
            gettext("No goods are reserved yet."),
        ),
        (
            "sales.view_invoice",
            gettext("Invoice"),
            [gettext("Number"), gettext("Date"), gettext("Total"), gettext("Document")],
            _invoice(related),
            gettext("No invoice was issued yet."),
        ),
        (
            "ledger.view_entry",
            gettext("Journal entries"),
            [gettext("Entry"), gettext("Date"), gettext("Memo")],
            _entries(related),
            gettext("No entry was posted yet."),
        ),
    )
    return [
        {"title": title, "headers": headers, "rows": rows, "empty": empty}
        for permission, title, headers, rows, empty in parts
        if request.user.has_perm(permission)
    ]


Rows = list[list[tuple[str, str]]]


def _payments(related: queries.RelatedRecords) -> Rows:
    return [
        [
            (f"P-{payment.pk}", reverse("admin:payments_payment_change", args=[payment.pk])),
            (str(payment.amount), ""),
            (payment.get_state_display(), ""),
            (str(payment.refunded) if payment.refunded_minor else "—", ""),
        ]
        for payment in related.payments
    ]


def _goods(related: queries.RelatedRecords) -> Rows:
    reservation = related.reservation
    if reservation is None:
        return []
    link = reverse("admin:inventory_reservation_change", args=[reservation.pk])
    goods = ", ".join(str(line) for line in reservation.lines.all())
    return [[(reservation.reference, link), (goods, ""), (reservation.get_state_display(), "")]]


def _invoice(related: queries.RelatedRecords) -> Rows:
    invoice = related.invoice
    if invoice is None:
        return []
    page = reverse("admin:sales_invoice_change", args=[invoice.pk])
    document = {
        Invoice.State.STORED: (gettext("Download"), reverse("admin:download_invoice", args=[invoice.pk])),
        Invoice.State.FAILED: (gettext("Failed: {reason}").format(reason=invoice.failure), page),
    }.get(Invoice.State(invoice.state), (gettext("Pending"), ""))
    return [
        [
            (str(invoice), page),
            (shown_day(invoice.issued_on), ""),
            (str(invoice.total), ""),
            document,
        ]
    ]


def _entries(related: queries.RelatedRecords) -> Rows:
    return [
        [
            (str(entry), reverse("admin:ledger_entry_change", args=[entry.pk])),
            (shown_day(entry.posted_on), ""),
            (entry.memo, ""),
        ]
        for entry in related.entries
    ]
