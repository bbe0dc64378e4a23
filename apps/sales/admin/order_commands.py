"""Cancelling an order and refunding its payments."""

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
from apps.console.widgets import Form, ReasonForm, reason
from apps.kernel.notation.form_fields import AmountField
from apps.payments.models import Refund
from apps.sales.commands import CancelOrder, RefundOrder
from apps.sales.models import Order

VIEW, CANCEL, REFUND = "sales.view_order", "sales.cancel_order", "sales.refund_order"


class OrderCommandPage(CommandPage):
    """A command on one order."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        order = Order.objects.select_related("customer").filter(pk=server_fields["order_id"]).first()
        if order is None:
            return ((gettext("Order"), gettext("No order has this number.")),)
        return (
            (gettext("Order"), order.number),
            (gettext("Customer"), str(order.customer)),
            (gettext("Total"), str(order.total)),
            (gettext("State"), order.get_state_display()),
        )


class Cancel(OrderCommandPage):
    command = CancelOrder
    form = ReasonForm
    danger = True

    def sentence(self, result: Order) -> str:
        return gettext("{result} is cancelled. Its goods are released and its payment is refunded.").format(
            result=result
        )

    def success_url(self, result: Order) -> str:
        return reverse("admin:sales_order_change", args=[result.pk])


class RefundForm(Form):
    amount = AmountField()
    reason = reason()
    reference = forms.CharField(
        max_length=80, help_text=_("Identifies this refund among those of the order.")
    )


class RefundPage(OrderCommandPage):
    command = RefundOrder
    form = RefundForm
    danger = True

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"initial": {"reference": uuid4().hex[:8]}}

    def sentence(self, result: Refund) -> str:
        return gettext("{amount} is refunded to the customer.").format(amount=result.amount)

    def success_url(self, result: Refund) -> str:
        return reverse("admin:payments_payment_change", args=[result.payment_id])


hooks.plug(
    "tenant",
    hooks.Page(
        path="sales/order/<int:order_id>/cancel/",
        name="cancel_order",
        title=_("Cancel order"),
        permission=CANCEL,
        view=Cancel(),
    ),
    hooks.Page(
        path="sales/order/<int:order_id>/refund/",
        name="refund_order",
        title=_("Refund order"),
        permission=REFUND,
        view=RefundPage(),
    ),
)
