"""Pages of the commands of money on account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, reason
from apps.kernel.notation.form_fields import AmountField, DayField
from apps.payments import hooks as payers
from apps.payments.commands import ApplyCredit, ReceiveTransfer, RefundCredit
from apps.payments.models import Credit, CreditRefund, Payment

from .credits import CONFIRM, REFUND


class TransferForm(Form):
    amount = AmountField()
    currency = forms.CharField(max_length=3)
    provider_payment_id = forms.CharField(
        label=_("Number"), max_length=120, help_text=_("The id of the transfer on the bank statement.")
    )
    received_on = DayField(label=_("Received on"), required=False, help_text=_("Today if empty."))


class FreeTransferForm(TransferForm):
    payer = forms.CharField(
        label=_("Customer"), max_length=32, required=False, help_text=_("The customer's code.")
    )
    reference = forms.CharField(
        max_length=120, required=False, help_text=_("What it is for, such as order:12, if it is known.")
    )


class Receive(CommandPage):
    """Money without a payment."""

    command = ReceiveTransfer
    form: type[Form] = FreeTransferForm

    def sentence(self, result: Credit) -> str:
        return gettext("{amount} is booked; {unused} of it is on account.").format(
            amount=result.amount, unused=result.unused
        )

    def success_url(self, result: Any) -> str:
        return reverse("admin:payments_credit_change", args=[result.pk])


class ReceiveForPayment(Receive):
    """A part of a payment, or more than it."""

    form = TransferForm

    def form_options(self, server_fields: ServerFields) -> dict[str, object]:
        payment = Payment.objects.filter(pk=server_fields["payment_id"]).first()
        return {"initial": {"currency": payment.currency if payment else ""}}

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        payment = Payment.objects.filter(pk=server_fields["payment_id"]).first()
        if payment is None:
            return ((gettext("Payment"), gettext("No payment has this number.")),)
        return ((gettext("For"), payment.reference), (gettext("Amount"), str(payment.amount)))


class CreditPage(CommandPage):
    """A command on one credit."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        credit = _credit(server_fields)
        if credit is None:
            return ((gettext("Credit"), gettext("No credit has this number.")),)
        return (
            (gettext("Customer"), credit.payer_name or gettext("unknown")),
            (gettext("For"), credit.reference or "—"),
            (gettext("Amount"), str(credit.amount)),
            (gettext("Open amount"), str(credit.unused)),
        )


def _credit(server_fields: ServerFields) -> Credit | None:
    return Credit.objects.filter(pk=server_fields["credit_id"]).first()


class ApplyForm(Form):
    def __init__(self, *args: Any, payments: Sequence[Payment] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [
            (payment.pk, f"P-{payment.pk} · {payment.reference} · {payment.amount}") for payment in payments
        ]
        self.fields["payment_id"] = forms.TypedChoiceField(label=_("Payment"), coerce=int, choices=choices)


class Apply(CreditPage):
    command = ApplyCredit
    form = ApplyForm

    def form_options(self, server_fields: ServerFields) -> dict[str, object]:
        credit = _credit(server_fields)
        return {"payments": _payments_of(credit) if credit else []}

    def sentence(self, result: Payment) -> str:
        return gettext("{amount} for {reference} is confirmed, from money on account.").format(
            amount=result.amount, reference=result.reference
        )

    def success_url(self, result: Any) -> str:
        return reverse("admin:payments_payment_change", args=[result.pk])


def _payments_of(credit: Credit) -> Sequence[Payment]:
    """Outstanding payments of the customer, in the currency of the credit."""
    outstanding = Payment.objects.filter(state=Payment.State.REQUESTED, currency=credit.currency).order_by(
        "-id"
    )
    return [
        payment for payment in outstanding if credit.payer in ("", payers.payer_of(payment.reference).key)
    ]


class RefundForm(Form):
    amount = AmountField()
    reason = reason()
    reference = forms.CharField(
        max_length=80, help_text=_("Identifies this refund among those of the credit.")
    )


class Refund(CreditPage):
    command = RefundCredit
    form = RefundForm
    danger = True

    def form_options(self, server_fields: ServerFields) -> dict[str, object]:
        credit = _credit(server_fields)
        unused = credit.unused.amount if credit else None
        return {"initial": {"amount": unused, "reference": uuid4().hex[:8]}}

    def sentence(self, result: CreditRefund) -> str:
        return gettext("{amount} is refunded.").format(amount=result.amount)

    def success_url(self, result: Any) -> str:
        return reverse("admin:payments_credit_change", args=[result.credit_id])


hooks.plug(
    "tenant",
    hooks.Page(
        path="payments/receive/",
        name="receive_transfer",
        title=_("Money received"),
        permission=CONFIRM,
        view=Receive(),
        group=_("Stock and payments"),
        icon="add_card",
    ),
    hooks.Page(
        path="payments/<int:payment_id>/receive/",
        name="receive_for_payment",
        title=_("Another amount arrived"),
        permission=CONFIRM,
        view=ReceiveForPayment(),
    ),
    hooks.Page(
        path="payments/credits/<int:credit_id>/apply/",
        name="apply_credit",
        title=_("Apply credit"),
        permission=CONFIRM,
        view=Apply(),
    ),
    hooks.Page(
        path="payments/credits/<int:credit_id>/refund/",
        name="refund_credit",
        title=_("Refund credit"),
        permission=REFUND,
        view=Refund(),
    ),
)
