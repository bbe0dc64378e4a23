"""Payments, refunds and money on account on the pages of other records, and their entries."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.console.related import Kind, describe, page_of, relate
from apps.kernel.notation.shown import shown_instant
from apps.ledger.models import Entry
from apps.payments.models import CREDIT, Credit, CreditRefund, Payment, Refund
from apps.payments.queries import credits_of

VIEW_PAYMENT, VIEW_CREDIT = "payments.view_payment", "payments.view_credit"


def payments_and_refunds(payments: QuerySet[Payment]) -> QuerySet[Entry]:
    """The entries of payments and of their refunds."""
    booked = Q(pk__in=payments.values("entry")) | Q(
        pk__in=Refund.objects.filter(payment__in=payments).values("entry")
    )
    return Entry.objects.with_numbers().filter(booked).order_by("-id")


def credits_and_refunds(credits: QuerySet[Credit]) -> QuerySet[Entry]:
    """The entries of money on account and of its refunds."""
    booked = Q(pk__in=credits.values("entry")) | Q(
        pk__in=CreditRefund.objects.filter(credit__in=credits).values("entry")
    )
    return Entry.objects.with_numbers().filter(booked).order_by("-id")


def _payments_of(credit: Credit) -> QuerySet[Payment]:
    covered = Q(applications__credit=credit)
    if credit.provider == CREDIT:
        covered |= Q(refunds__pk=credit.provider_payment_id.removeprefix("refund:"))
    return Payment.objects.filter(covered).distinct().order_by("-id")


describe(
    Kind(
        model="payments.payment",
        title=_("Payments"),
        permission=VIEW_PAYMENT,
        headers=(_("Payment"), _("Amount"), _("State"), _("Refunded")),
        cells=lambda payment: (
            payment.number,
            str(payment.amount),
            payment.get_state_display(),
            str(payment.refunded) if payment.refunded_minor else "—",
        ),
    ),
    Kind(
        model="payments.refund",
        title=_("Refunds"),
        permission=VIEW_PAYMENT,
        headers=(_("Refund"), _("Amount"), _("Reason"), _("Requested")),
        cells=lambda refund: (
            refund.reference,
            str(refund.amount),
            refund.reason,
            shown_instant(refund.requested_at),
        ),
        page=lambda refund: reverse("admin:payments_payment_change", args=[refund.payment_id]),
    ),
    Kind(
        model="payments.credit",
        title=_("Money on account"),
        permission=VIEW_CREDIT,
        headers=(_("Number"), _("Amount"), _("Open amount")),
        cells=lambda credit: (credit.number, str(credit.amount), str(credit.unused)),
    ),
    Kind(
        model="payments.creditrefund",
        title=_("Refunds of money on account"),
        permission=VIEW_CREDIT,
        headers=(_("Refund"), _("Amount"), _("Reason")),
        cells=lambda refund: (refund.reference, str(refund.amount), refund.reason),
        page=lambda refund: page_of(refund.credit),
    ),
)
relate(
    "payments.payment",
    "ledger.entry",
    others_of=lambda payment: payments_and_refunds(Payment.objects.filter(pk=payment.pk)),
    ones_of=lambda entry: Payment.objects.filter(entry=entry),
)
relate(
    "payments.refund",
    "ledger.entry",
    ones_of=lambda entry: Refund.objects.filter(entry=entry).select_related("payment"),
)
relate(
    "payments.credit",
    "ledger.entry",
    others_of=lambda credit: credits_and_refunds(Credit.objects.filter(pk=credit.pk)),
    ones_of=lambda entry: Credit.objects.filter(entry=entry),
)
relate(
    "payments.creditrefund",
    "ledger.entry",
    ones_of=lambda entry: CreditRefund.objects.filter(entry=entry).select_related("credit"),
)
relate(
    "payments.payment",
    "payments.credit",
    others_of=lambda payment: credits_of(Payment.objects.filter(pk=payment.pk)),
    ones_of=_payments_of,
)
