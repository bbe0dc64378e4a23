"""Pages for payments and their refunds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.list_filters import known_values
from apps.console.lists.amounts import amount_column
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form, ReasonForm, reason
from apps.kernel.notation.form_fields import AmountField, DayField
from apps.kernel.search import May
from apps.payments import queries
from apps.payments.commands import ConfirmPayment, FailPayment, RefundPayment, VoidPayment
from apps.payments.hooks import names_of_payers
from apps.payments.models import CreditApplication, Payment, Refund
from apps.payments.providers import PROVIDERS
from apps.payments.search import PAYMENTS

VIEW, CONFIRM, REFUND = "payments.view_payment", "payments.confirm_payment", "payments.refund_payment"
OF_PROVIDER = known_values(lambda _: sorted(PROVIDERS))
STATES = Colours(
    {
        Payment.State.REQUESTED: "info",
        Payment.State.CONFIRMED: "success",
        Payment.State.FAILED: "danger",
        Payment.State.VOID: "warning",
    }
)


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ("reference", "shown_amount", "reason", "state", "requested_at", "sent_at", "entry")
    readonly_fields = fields
    verbose_name_plural = _("refunds")

    shown_amount = amount_column("amount", description=_("Amount"))


class CoveringInline(ReadOnlyInline):
    """The credits that paid it."""

    model = CreditApplication
    fields = ("credit", "shown_amount", "applied_at")
    readonly_fields = fields
    verbose_name_plural = _("paid from credits")

    shown_amount = amount_column("amount", description=_("Amount"))


@admin.register(Payment, site=tenant_site)
class PaymentAdmin(ReadOnlyAdmin):
    """All payments, the latest first."""

    created_by = "orders"
    empty_message = _("Payments of orders appear here.")
    list_display = (
        "number",
        "reference",
        "shown_amount",
        "shown_refunded",
        "provider",
        "shown_state",
        "requested_at",
    )
    list_filter = ("state", "requested_at", "currency", ("provider", OF_PROVIDER))
    search = PAYMENTS
    search_help_text = _("Number, reference, customer, amount, or the provider's payment id")
    ordering = ("-id",)
    inlines = (CoveringInline, RefundInline)
    fields = (
        ("number", "shown_state", "reference"),
        ("shown_amount", "shown_refunded"),
        ("provider", "paid_through", "provider_payment_id"),
        ("requested_at", "confirmed_at", "entry"),
        "why",
    )
    readonly_fields = ("number", "shown_amount", "shown_refunded", "shown_state")

    @admin.display(description=_("Number"), ordering="id")
    def number(self, payment: Payment) -> str:
        return payment.number

    shown_amount = amount_column("amount", description=_("Amount"), minor="amount_minor")
    shown_refunded = amount_column(
        lambda payment: [payment.refunded] if payment.refunded_minor else [],
        description=_("Refunded"),
        minor="refunded_minor",
    )

    @display(description=_("State"), label=STATES)
    def shown_state(self, payment: Payment) -> str:
        return payment.get_state_display()

    def links(self, request: HttpRequest, obj: Payment) -> Sequence[Link]:
        links = []
        if obj.state == Payment.State.REQUESTED and request.user.has_perm(CONFIRM):
            links += [
                Link(gettext("Confirm"), reverse("admin:confirm_payment", args=[obj.pk]), "task_alt"),
                Link(
                    gettext("Another amount arrived"),
                    reverse("admin:receive_for_payment", args=[obj.pk]),
                    "savings",
                ),
                Link(gettext("Mark as failed"), reverse("admin:fail_payment", args=[obj.pk]), "block"),
            ]
        if obj.state == Payment.State.REQUESTED and request.user.has_perm(REFUND):
            links.append(Link(gettext("Void"), reverse("admin:void_payment", args=[obj.pk]), "cancel"))
        if obj.refundable.minor and request.user.has_perm(REFUND):
            links.append(Link(gettext("Refund"), reverse("admin:refund_payment", args=[obj.pk]), "undo"))
        return links


class PaymentCommandPage(CommandPage):
    """A command on one payment."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        payment = Payment.objects.filter(pk=server_fields["payment_id"]).first()
        if payment is None:
            return ((gettext("Payment"), gettext("No payment has this number.")),)
        return (
            (gettext("For"), payment.reference),
            (gettext("Amount"), str(payment.amount)),
            (gettext("State"), payment.get_state_display()),
            *(((gettext("Not refunded"), str(payment.refundable)),) if payment.confirmed_at else ()),
        )

    def success_url(self, result: Any) -> str:
        return reverse("admin:payments_payment_change", args=[result.pk])


class ConfirmationForm(Form):
    provider_payment_id = forms.CharField(
        label=_("Number"), max_length=120, help_text=_("The payment id of the bank or the provider.")
    )
    provider = forms.ChoiceField(
        label=_("Received through"),
        choices=[(name, name) for name in sorted(PROVIDERS)],
        required=False,
        help_text=_("A refund is sent the same way: manual is a bank transfer."),
    )
    received_on = DayField(label=_("Received on"), required=False, help_text=_("Today if empty."))


class Confirm(PaymentCommandPage):
    command = ConfirmPayment
    form = ConfirmationForm

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        payment = Payment.objects.filter(pk=server_fields["payment_id"]).first()
        return {"initial": {"provider": payment.provider}} if payment else {}

    def sentence(self, result: Payment) -> str:
        return gettext("{amount} for {reference} is confirmed and posted.").format(
            amount=result.amount, reference=result.reference
        )


class Fail(PaymentCommandPage):
    command = FailPayment
    form = ReasonForm
    danger = True

    def sentence(self, result: Payment) -> str:
        return gettext("The payment for {reference} is marked as failed.").format(reference=result.reference)


class Void(PaymentCommandPage):
    command = VoidPayment
    form = ReasonForm
    danger = True

    def sentence(self, result: Payment) -> str:
        return gettext("The payment for {reference} is void.").format(reference=result.reference)


class RefundForm(Form):
    amount = AmountField()
    reason = reason()
    reference = forms.CharField(
        max_length=80, help_text=_("Identifies this refund among those of the payment.")
    )


class RefundPage(PaymentCommandPage):
    command = RefundPayment
    form = RefundForm
    danger = True

    def form_options(self, server_fields: ServerFields) -> dict[str, object]:
        payment = Payment.objects.filter(pk=server_fields["payment_id"]).first()
        refundable = payment.refundable.amount if payment else None
        return {"initial": {"amount": refundable, "reference": uuid4().hex[:8]}}

    def sentence(self, result: Refund) -> str:
        return gettext("{amount} is refunded.").format(amount=result.amount)

    def success_url(self, result: Any) -> str:
        return reverse("admin:payments_payment_change", args=[result.payment_id])


def _hits(payments: Sequence[Payment], may: May) -> Sequence[hooks.SearchHit]:
    names = names_of_payers([payment.reference for payment in payments], may)
    return [
        hooks.SearchHit(
            payment.number,
            hooks.described(
                gettext("Payment"),
                names.get(payment.reference, payment.reference),
                payment.amount,
                payment.get_state_display(),
            ),
            reverse("admin:payments_payment_change", args=[payment.pk]),
            "payments",
        )
        for payment in payments
    ]


def _outstanding() -> hooks.Reading:
    totals = " · ".join(str(total) for total in queries.outstanding()) or gettext("none")
    return hooks.Reading(Payment.objects.filter(state=Payment.State.REQUESTED).count(), totals)


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Stock and payments"),
        title=_("Payments"),
        icon="payments",
        url="admin:payments_payment_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="payments/<int:payment_id>/confirm/",
        name="confirm_payment",
        title=_("Confirm payment"),
        permission=CONFIRM,
        view=Confirm(),
    ),
    hooks.Page(
        path="payments/<int:payment_id>/fail/",
        name="fail_payment",
        title=_("Mark payment as failed"),
        permission=CONFIRM,
        view=Fail(),
    ),
    hooks.Page(
        path="payments/<int:payment_id>/void/",
        name="void_payment",
        title=_("Void payment"),
        permission=REFUND,
        view=Void(),
    ),
    hooks.Page(
        path="payments/<int:payment_id>/refund/",
        name="refund_payment",
        title=_("Refund payment"),
        permission=REFUND,
        view=RefundPage(),
    ),
    hooks.Figure(
        title=_("Outstanding payments"),
        permission=VIEW,
        icon="payments",
        read=_outstanding,
        link="admin:payments_payment_changelist",
        query="?state__exact=requested",
    ),
    hooks.RowSearch(
        permission=VIEW, search=PAYMENTS, rows=lambda: Payment.objects.order_by("-id"), hits=_hits
    ),
)
